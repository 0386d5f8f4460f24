"""The staff table of campaigns and the steps they take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    RangeDateTimeFilter,
)
from unfold.decorators import action

from promotions.models import Campaign, Offer
from promotions.services.campaigns import set_campaign_status
from shop.kernel.clock import utc_now
from shop.staff.columns import show_money, show_tag, tag_column
from shop.staff.reasons import ReasonForm, ask, go_back, tell_outcome
from shop.staff.tables import KeptAdmin

STATUS_TONES = {"draft": "blue", "live": "green", "paused": "amber", "ended": "gray"}


class OfferInline(TabularInline):
    model = Offer
    fields = ["name", "benefit_kind", "percent", "amount_minor", "requires_coupon", "is_active"]
    extra = 0
    tab = True
    per_page = 20
    show_change_link = True
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Offers have conditions: they are added on their own page."""
        return False


@admin.register(Campaign)
class CampaignAdmin(KeptAdmin):
    list_display = [
        "name",
        "code",
        "kind",
        "audience",
        tag_column("status", _("Status"), STATUS_TONES),
        "now_column",
        "starts_at",
        "ends_at",
        "offer_count",
        "budget_used",
    ]
    list_filter = [
        ("status", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("audience", ChoicesDropdownFilter),
        ("starts_at", RangeDateTimeFilter),
    ]
    search_fields = ["name", "name_zh", "code__startswith"]
    date_hierarchy = "starts_at"
    readonly_fields = ["status", "spent_minor", "external_ref", "created_at", "changed_at"]
    fieldsets = [
        (None, {"fields": [("name", "name_zh"), "code", ("kind", "audience"), "status"]}),
        (_("When and where"), {"fields": [("starts_at", "ends_at"), "market_code"]}),
        (_("Budget (minor units)"), {"fields": [("budget_minor", "spent_minor")]}),
        (_("Origin"), {"fields": ["external_ref", "created_at", "changed_at"]}),
    ]
    inlines = [OfferInline]
    actions_detail = ["start", "pause", "end"]
    actions_row = ["start", "pause", "end"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        """Count the offers with the rows."""
        rows: QuerySet[Campaign] = super().get_queryset(request)
        return rows.annotate(offers_in=Count("offers"))

    @admin.display(description=_("Now"))
    def now_column(self, row: Campaign) -> SafeString:
        """Whether it applies at this moment: dates and status together."""
        now = utc_now()
        if row.status != Campaign.Status.LIVE:
            return show_tag(_("off"))
        if now < row.starts_at:
            return show_tag(_("scheduled"), "blue")
        return show_tag(_("over")) if now >= row.ends_at else show_tag(_("applies"), "green")

    @admin.display(description=_("Offers"), ordering="offers_in")
    def offer_count(self, row: Any) -> int:
        """How many offers it has."""
        return int(row.offers_in)

    @admin.display(description=_("Budget used"), ordering="spent_minor")
    def budget_used(self, row: Campaign) -> str:
        """Spent of the budget."""
        if row.budget_minor is None:
            return show_money(row.spent_minor)
        return f"{show_money(row.spent_minor)} / {show_money(row.budget_minor)}"

    @action(
        description=_("Start"),
        permissions=["act"],
        url_path="start",
        icon="play_arrow",
        dialog=ask(_("Start the campaign?"), form_class=ReasonForm, submit=_("Start")),
    )
    def start(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """Make it live inside its dates."""
        return self._move(request, form, object_id, Campaign.Status.LIVE)

    @action(
        description=_("Pause"),
        permissions=["act"],
        url_path="pause",
        icon="pause",
        dialog=ask(_("Pause the campaign?"), form_class=ReasonForm, submit=_("Pause")),
    )
    def pause(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """Stop it for now."""
        return self._move(request, form, object_id, Campaign.Status.PAUSED)

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
        return self._move(request, form, object_id, Campaign.Status.ENDED)

    def _move(
        self, request: HttpRequest, form: ReasonForm, object_id: str, status: Campaign.Status
    ) -> HttpResponse:
        campaign_id = int(object_id)
        done = _("The campaign is now: %(status)s.") % {"status": status.label}
        if tell_outcome(self, request, _move_call(campaign_id, status), done):
            note = f"{status.value}: {form.cleaned_data['reason']}"
            self.log_change(request, Campaign.objects.get(pk=campaign_id), note)
        return go_back(request)


def _move_call(campaign_id: int, status: Campaign.Status) -> Callable[[], None]:
    return lambda: set_campaign_status(campaign_id=campaign_id, status=status.value)
