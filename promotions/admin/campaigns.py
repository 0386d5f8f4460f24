"""The staff table of campaigns: its tabs, and the steps campaigns take."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, DateTimeField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise, lazy
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import action

from promotions.admin.claims import NAMES, CampaignForm
from promotions.admin.months import (
    MonthFilter,
    bound_month,
    draw_bar,
    list_beside,
    read_month,
    step_month,
)
from promotions.admin.offers import OfferInline
from promotions.admin.recorded import RecordedAdmin
from promotions.campaigns.api import CAMPAIGN, Step, may_step, status_at
from promotions.campaigns.models import Campaign
from promotions.coupons.models import Redemption
from promotions.planning.api import PHASES
from promotions.release.api import (
    approve_campaign,
    clone_campaign,
    move_campaign,
    say_step,
    send_back_campaign,
)
from shop.ground.approvals.admin import TwoPersonAdmin
from shop.ground.catalog.selectors import find_place
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import show_link, show_money, show_tag
from shop.ground.staff.log import write_act
from shop.ground.staff.numbers import EMPTY, show_count
from shop.ground.staff.reasons import (
    ConfirmForm,
    ReasonForm,
    account_id,
    ask,
    go_back,
    go_to,
    tell_outcome,
)
from shop.ground.staff.region import StaffRegion, show_moment, show_time
from shop.ground.staff.roles import may_see_cost

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


WHEN: dict[str, Any] = {
    "fields": [("starts_at", "ends_at"), "on_clock", "market_code"],
    "description": _("Money and dates are those of the market, or of the shop's own without one."),
}


def read_clock(row: Campaign) -> str:
    """Return the time zone of the campaign's market; the page's for all markets."""
    return find_place(row.market_code).time_zone


class CampaignDates:
    """Columns that say begin and end as the builder and the storefront do."""

    def place_for(self, row: Campaign | None, asked: Mapping[str, str]) -> StaffRegion:
        """Return the place of its market."""
        return find_place(asked.get("market_code", "" if row is None else row.market_code))

    @admin.display(description=_("Begins"), ordering="starts_at")
    def begins(self, row: Campaign) -> str:
        """The first moment, on the market's clock."""
        return show_time(row.starts_at, read_clock(row))

    @admin.display(description=_("Ends"), ordering="ends_at")
    def ends(self, row: Campaign) -> str:
        """The first moment it is over, on the market's clock."""
        return show_time(row.ends_at, read_clock(row))

    @admin.display(description=_("On the market's clock"))
    def on_clock(self, row: Campaign) -> str:
        """Both, with the clock they are on."""
        if not row.pk:  # the form to add one
            return EMPTY
        zone = read_clock(row)
        begins = show_moment(row.starts_at, zone).removesuffix(zone)
        return f"{begins}– {show_moment(row.ends_at, zone)}"


class CampaignLinks:
    """Columns that lead on."""

    @admin.display(description=_("Workspace"))
    def workspace(self, row: Campaign) -> SafeString | str:
        """The way to the page of the campaign: what it says, costs and brought."""
        if not row.pk:  # the form to add one
            return EMPTY
        return show_link("admin:campaign_workspace", row.pk, _("Offer, checks and results"))

    @admin.display(description=_("Name"), ordering="name")
    def page(self, row: Campaign) -> SafeString | str:
        """The name, which leads to the page of the campaign."""
        return show_link("admin:campaign_workspace", row.pk, row.name)

    @admin.display(description=_("Version"))
    def version(self, row: Campaign) -> str:
        """The version that holds."""
        return str(row.revision or EMPTY)


# From which share of the budget on it is shown how.
ALERTS = ((100, "red"), (80, "amber"), (50, "blue"))


# Columns with what was given away -> what stands there for who may not see costs
UNPRICED = {"budget_used": "budget_share", "result": "uses"}
SPENT = ("budget_minor", "spent_minor")


def grade_budget(row: Campaign, budget_minor: int) -> tuple[str, str]:
    """Return the share of the budget that is spent, and its tone; "" far from its end."""
    share = 100 * row.spent_minor // max(budget_minor, 1)
    return f"{share} %", next((tone for least, tone in ALERTS if share >= least), "")


def show_phase(row: Campaign) -> SafeString:
    """Return what a campaign is at this moment: decision and dates together."""
    return show_tag(*PHASES[status_at(row.status, row.starts_at, row.ends_at, utc_now())])


@admin.register(Campaign)
class CampaignAdmin(CampaignLinks, CampaignDates, TwoPersonAdmin, RecordedAdmin):
    blank_text = _("Write a promotion as a sentence under New promotion, or add a campaign here.")
    form = CampaignForm
    list_display_links = None
    list_before_template = "admin/campaign/list.html"
    list_display = [
        "page",
        "phase",
        "bar",
        "goal",
        "result",
        "budget_used",
        "begins",
        "ends",
        "audience",
        "kind",
        "offer_count",
        "code",
    ]
    list_filter = [
        StateFilter,
        MonthFilter,
        ("status", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("audience", ChoicesDropdownFilter),
        ("starts_at", RangeDateTimeFilter),
    ]
    search_fields = ["name", "name_zh", "code__startswith"]
    date_hierarchy = "starts_at"
    readonly_fields = [
        *("phase", "workspace", "version", "waiting", "second_person"),
        *(
            "promised_ends_at",
            "spent_minor",
            "on_clock",
            "external_ref",
            "created_at",
            "changed_at",
        ),
    ]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    *("workspace", ("name", "name_zh"), "code", ("kind", "audience"), "goal"),
                    "change_reason",
                ]
            },
        ),
        (_("When and where"), WHEN),
        (_("Budget"), {"fields": [SPENT]}),
        (
            _("Claims"),
            {"fields": NAMES, "description": _("The law check reads this and the names.")},
        ),
        (_("Proof"), {"fields": ["holdout_percent"]}),
        (
            _("State"),
            {
                "fields": [
                    *("phase", "version", "waiting", "second_person"),
                    "promised_ends_at",
                ]
            },
        ),
        (_("Origin"), {"fields": ["external_ref", "created_at", "changed_at"]}),
    ]
    inlines = [OfferInline]
    approval_kind = CAMPAIGN
    actions_detail = [*Step, "send_back", "clone"]
    actions_row = ["schedule", "pause", "end"]

    def campaign_of(self, row: Campaign) -> int:
        """Return its own id."""
        return row.pk

    def has_copy_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whoever may add a campaign may copy one."""
        return self.has_add_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        """Count the offers with the rows."""
        rows: QuerySet[Campaign] = super().get_queryset(request)
        since, until = bound_month(read_month(request.GET.get(MonthFilter.parameter_name, "")))
        used = Redemption.objects.filter(campaign=OuterRef("pk"), state="committed").order_by()
        sums = used.values("campaign")
        return rows.annotate(
            offers_in=Count("offers"),
            month_since=Value(since, DateTimeField()),
            month_until=Value(until, DateTimeField()),
            names_beside=list_beside(until=until, since=since),
            uses_in=Subquery(sums.annotate(n=Count("pk")).values("n")),
            given_in=Subquery(sums.annotate(minor=Sum("amount_minor")).values("minor")),
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Add the tabs with their numbers. One query more."""
        month = read_month(request.GET.get(MonthFilter.parameter_name, ""))
        tabs = {
            "states": count_states(utc_now()),
            "month": month,
            "months": [step_month(month, by) for by in (-1, 1)],
        }
        found: HttpResponse = super().changelist_view(request, {**(extra_context or {}), **tabs})
        return found

    def list_columns(self, request: HttpRequest) -> list[Any]:
        """Leave out what was given away for who may not see costs."""
        shown = super().list_columns(request)
        return [one if may_see_cost(request.user) else UNPRICED.get(one, one) for one in shown]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out what is spent of the budget, as the list does."""
        sets = super().get_fieldsets(request, obj)
        if may_see_cost(request.user):
            return sets
        return [
            (title, {**said, "fields": ["budget_minor"]} if SPENT in said["fields"] else said)
            for title, said in sets
        ]

    @admin.display(description=_("Paid uses"))
    def uses(self, row: Any) -> str:
        """How often it was used in orders that were paid."""
        return show_count(row.uses_in) if row.uses_in else EMPTY

    @admin.display(description=_("Result"))
    def result(self, row: Any) -> str:
        """Paid uses, and what was given away with them; the page of the campaign says the rest."""
        if not row.uses_in:
            return EMPTY
        given = show_money(row.given_in, find_place(row.market_code).currency)
        said = ngettext("%(n)s use, %(given)s given", "%(n)s uses, %(given)s given", row.uses_in)
        return said % {"n": show_count(row.uses_in), "given": given}

    def get_actions_detail(self, request: HttpRequest, object_id: int | str) -> list[Any]:
        """Offer only the steps that lead anywhere from where the campaign is. One query."""
        row = Campaign.objects.filter(pk=object_id).first()
        offered = super().get_actions_detail(request, object_id)
        if row is None:
            return list(offered)
        return [one for one in offered if _leads_on(one.action_name, row)]

    @admin.display(description=_("Now"))
    def phase(self, row: Campaign) -> SafeString:
        """What it is at this moment."""
        return show_phase(row)

    @admin.display(description=_("Days of the month"), ordering="starts_at")
    def bar(self, row: Campaign) -> SafeString:
        """The days of the chosen month on which it runs, and how many run at the same time."""
        return draw_bar(row)

    @admin.display(description=_("Version that waits for a second person"))
    def waiting(self, row: Campaign) -> str:
        """The change somebody else must agree to."""
        return str(row.pending_revision or EMPTY)

    @admin.display(description=_("Offers"), ordering="offers_in")
    def offer_count(self, row: Any) -> int:
        """How many offers it has."""
        return int(row.offers_in)

    @admin.display(description=_("Budget used"), ordering="spent_minor")
    def budget_used(self, row: Campaign) -> SafeString | str:
        """Spent of the budget; without one nothing is counted against it."""
        currency = find_place(row.market_code).currency
        if row.budget_minor is None:
            return str(_("no budget"))
        said = f"{show_money(row.spent_minor, currency)} / {show_money(row.budget_minor, currency)}"
        share, tone = grade_budget(row, row.budget_minor)
        return format_html("{} {}", said, show_tag(share, tone)) if tone else said

    @admin.display(description=_("Budget used"))
    def budget_share(self, row: Campaign) -> SafeString | str:
        """The share of the budget alone."""
        if row.budget_minor is None:
            return str(_("no budget"))
        share, tone = grade_budget(row, row.budget_minor)
        return show_tag(share, tone) if tone else share

    @action(
        description=_("Schedule"),
        permissions=["act"],
        url_path="schedule",
        icon="event",
        dialog=ask(
            _("Schedule the campaign?"),
            _("The law is checked now. The campaign applies between its dates by itself."),
            form_class=ReasonForm,
            submit=_("Schedule"),
        ),
    )
    def schedule(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """Hand it in: released at once, or for a second person to approve."""
        return self._move(request, form, object_id, Step.SCHEDULE)

    def approve_row(self, object_id: int, *, by_id: int, reason: str, now: datetime) -> object:
        """Release what somebody else handed in."""
        return approve_campaign(campaign_id=object_id, reason=reason, by_id=by_id, now=now)

    def send_back_row(self, object_id: int, *, by_id: int, reason: str, now: datetime) -> object:
        """Make it a draft again, or drop the change that waits; what holds goes on."""
        return send_back_campaign(campaign_id=object_id, reason=reason, by_id=by_id, now=now)

    @action(
        description=_("Take back"),
        permissions=["act"],
        url_path="withdraw",
        icon="undo",
        dialog=ask(_("Make it a draft again?"), form_class=ReasonForm, submit=_("Take back")),
    )
    def withdraw(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """Make it a draft again."""
        return self._move(request, form, object_id, Step.WITHDRAW)

    @action(
        description=_("Pause"),
        permissions=["act"],
        url_path="pause",
        icon="pause",
        dialog=ask(_("Pause the campaign?"), form_class=ReasonForm, submit=_("Pause")),
    )
    def pause(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """Stop it for now."""
        return self._move(request, form, object_id, Step.PAUSE)

    @action(
        description=_("Resume"),
        permissions=["act"],
        url_path="resume",
        icon="play_arrow",
        dialog=ask(_("Resume the campaign?"), form_class=ReasonForm, submit=_("Resume")),
    )
    def resume(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """Let it apply again, until the end it always had."""
        return self._move(request, form, object_id, Step.RESUME)

    @action(
        description=_("End"),
        permissions=["act"],
        url_path="end",
        icon="stop",
        dialog=ask(
            _("End the campaign for good?"),
            _("It cannot be started again: its end is part of what shoppers were told."),
            form_class=ReasonForm,
            submit=_("End"),
        ),
    )
    def end(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """End it for good."""
        return self._move(request, form, object_id, Step.END)

    @action(
        description=_("Copy"),
        permissions=["copy"],
        url_path="clone",
        icon="content_copy",
        dialog=ask(
            _("Copy this campaign?"),
            _("A draft with the same offers is made. Codes are not copied."),
            submit=_("Copy"),
        ),
    )
    def clone(self, request: HttpRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        """Make a draft that says the same."""
        copy = clone_campaign(campaign_id=int(object_id), by_id=account_id(request), now=utc_now())
        return go_to(reverse("admin:campaign_workspace", args=[copy]))

    def _move(
        self, request: HttpRequest, form: ReasonForm, object_id: str, step: Step
    ) -> HttpResponse:
        campaign_id, reason = int(object_id), form.cleaned_data["reason"]
        is_done = tell_outcome(
            self,
            request,
            lambda: move_campaign(
                campaign_id=campaign_id,
                step=step,
                reason=reason,
                by_id=account_id(request),
                now=utc_now(),
            ),
            _("Done."),
        )
        if is_done:
            row = Campaign.objects.get(pk=campaign_id)
            named = lazy(say_step, str)(step.value)
            act = write_act(_("Step: %(step)s."), reason=reason, step=named)
            self.log_change(request, row, act)
            phase = PHASES[status_at(row.status, row.starts_at, row.ends_at, utc_now())][0]
            said = _("The new status of the campaign is “%(status)s”.") % {"status": phase}
            self.message_user(request, said)
        return go_back(request)


def _leads_on(name: str, row: Campaign) -> bool:
    """Whether an action's step leads anywhere; the second person's two are the base's affair."""
    bare = name.rpartition("_")[2]
    return bare == Step.APPROVE or bare not in set(Step) or may_step(Step(bare), row.status)
