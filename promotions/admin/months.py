"""Months of the list of campaigns: which run in one, on which of its days, and beside which."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet, Value
from django.db.models.lookups import Exact
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from promotions.campaigns.models import Campaign
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.phrases import join_names
from shop.ground.staff.region import staff_zone

MONTHS = range(-3, 9)  # that the filter offers, from this one
# Beyond them the months before and after would be no dates any more.
YEARS = range(1900, 2101)
MOST_BESIDE = 6


class MonthFilter(admin.SimpleListFilter):
    """Keeps the campaigns of which a part lies in a month, such as 2026-12."""

    title = _("Runs in the month")
    parameter_name = "month"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the months around this one."""
        this = read_month("")
        months = [step_month(this, by) for by in MONTHS]
        return [(one.isoformat()[:7], date_format(one, "F Y")) for one in months]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Campaign]
    ) -> QuerySet[Campaign] | None:
        """Return the campaigns of the chosen month, all of them without one."""
        if not self.value():
            return queryset
        since, until = bound_month(read_month(self.value() or ""))
        return queryset.filter(starts_at__lt=until, ends_at__gt=since)


def read_month(text: str) -> date:
    """Return the first day of the month asked for, this month for anything that is none."""
    today = utc_now().astimezone(ZoneInfo(staff_zone())).date()
    try:
        asked = date.fromisoformat(f"{text}-01")
    except ValueError:
        asked = today
    return (asked if asked.year in YEARS else today).replace(day=1)


def bound_month(month: date) -> tuple[datetime, datetime]:
    """Return the first moment of a month and that of the next, on the staff's clock."""
    zone, after = ZoneInfo(staff_zone()), step_month(month, 1)
    return (
        datetime(month.year, month.month, 1, tzinfo=zone),
        datetime(after.year, after.month, 1, tzinfo=zone),
    )


def list_beside(since: datetime, until: datetime) -> ArraySubquery:
    """Return the names of campaigns that run at the same time of the month, and share a market."""
    shared = Q(market_code="") | Q(market_code=OuterRef("market_code"))
    rows = Campaign.objects.filter(
        Q(starts_at__lt=until, ends_at__gt=since),
        shared | Q(Exact(OuterRef("market_code"), Value(""))),
        starts_at__lt=OuterRef("ends_at"),
        ends_at__gt=OuterRef("starts_at"),
    ).exclude(pk=OuterRef("pk"))
    return ArraySubquery(rows.order_by("starts_at", "pk").values("name"))


def draw_bar(row: Any) -> SafeString:
    """Return the days of the month on which a campaign runs as a bar, with what runs beside it."""
    whole = row.month_until - row.month_since
    begin, end = (
        min(max((at - row.month_since) / whole, 0.0), 1.0) for at in (row.starts_at, row.ends_at)
    )
    runs = begin < 1.0 and end > 0.0
    beside = row.names_beside if runs else []
    said = (
        gettext("Runs together with: %(names)s") % {"names": join_names(beside[:MOST_BESIDE])}
        if beside
        else ""
    )
    count = gettext("beside %(count)s") % {"count": len(beside)}
    return format_html(
        '<svg class="ft-run" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect width="100" height="8" /><rect class="ft-run-days" x="{}" width="{}" height="8" />'
        '</svg> <span class="ft-note" title="{}">{}</span><span class="ft-hidden">{}</span>',
        round(100 * begin, 1),
        round(max(100 * (end - begin), 1.0 if runs else 0.0), 1),
        said,
        count if beside else "",
        said,
    )


def step_month(month: date, by: int) -> date:
    """Return the first day of the month `by` months later (or earlier).

    >>> step_month(date(2026, 12, 26), 1), step_month(date(2026, 1, 3), -1)
    (datetime.date(2027, 1, 1), datetime.date(2025, 12, 1))
    """
    months = month.year * 12 + month.month - 1 + by
    return date(months // 12, months % 12 + 1, 1)
