"""The tabs of the list of campaigns: what runs, what ends soon, what runs out, what is a draft."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, F, Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from promotions.campaigns.models import Campaign
from shop.ground.kernel.clock import utc_now

SOON = timedelta(days=7)
# Of the budget: what is left below this is about to run out
LOW_SHARE = 10


def find_states(now: datetime) -> dict[str, tuple[Promise, Q]]:
    """Return the tabs by name: the title, and which campaigns stand there at `now`."""
    live = Q(status=Campaign.Status.LIVE, starts_at__lte=now, ends_at__gt=now)
    waits = Q(status=Campaign.Status.SCHEDULED) | Q(pending_revision__isnull=False)
    low = Q(
        budget_minor__gt=0,
        spent_minor__gt=F("budget_minor") - F("budget_minor") * LOW_SHARE / 100,
    )
    return {
        "live": (_("Live"), live),
        "ending": (_("Ending in 7 days"), live & Q(ends_at__lt=now + SOON)),
        "low": (_("Under 10 % of the budget left"), live & low),
        "waiting": (_("Waiting for a second person"), waits),
        "draft": (_("Drafts"), Q(status=Campaign.Status.DRAFT)),
        "over": (
            _("Ended"),
            Q(status=Campaign.Status.ENDED) | Q(status=Campaign.Status.LIVE, ends_at__lte=now),
        ),
    }


class StateFilter(admin.SimpleListFilter):
    """Keeps the campaigns of one tab."""

    title = _("State")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the tabs."""
        return [(name, str(title)) for name, (title, _kept) in find_states(utc_now()).items()]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Campaign]
    ) -> QuerySet[Campaign] | None:
        """Return the campaigns of the chosen tab, all of them without one."""
        chosen = find_states(utc_now()).get(self.value() or "")
        return queryset if chosen is None else queryset.filter(chosen[1])


def count_states(now: datetime) -> list[tuple[str, Promise, int]]:
    """Return the tabs with their numbers of campaigns. One query."""
    states = find_states(now)
    counts = Campaign.objects.aggregate(
        **{name: Count("pk", filter=kept) for name, (_title, kept) in states.items()}
    )
    return [(name, title, counts[name]) for name, (title, _kept) in states.items()]
