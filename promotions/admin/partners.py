"""Staff tables of partners: shares, entries, settlements. Partners themselves see sums only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSingleDateWidget

from promotions.partners.api import (
    close_settlement,
    correct_partner,
    reconcile_redemptions,
    write_report,
)
from promotions.partners.models import (
    Partner,
    PartnerEntry,
    PartnerProduct,
    PartnerShare,
    Settlement,
)
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.ids import uuid7
from shop.ground.staff.columns import age_column, money_column, show_money, show_tag, tag_column
from shop.ground.staff.keys import read_number
from shop.ground.staff.money import MoneyField
from shop.ground.staff.numbers import EMPTY
from shop.ground.staff.reasons import (
    ConfirmForm,
    ReasonForm,
    account_id,
    ask,
    go_back,
    tell_outcome,
)
from shop.ground.staff.region import StaffRegion, staff_region
from shop.ground.staff.tables import KeptAdmin, ReadOnlyAdmin, StaffInline

KIND_TONES = {"use": "green", "return": "amber", "correction": "red"}


class PeriodForm(ConfirmForm):
    """Until when a period is closed: at first everything before today, on the shop's clock."""

    ends_on = forms.DateField(
        label=_("First day that is not in it"),
        initial=lambda: utc_now().astimezone(ZoneInfo(settings.BUSINESS_TIME_ZONE)).date(),
        widget=UnfoldAdminSingleDateWidget(),
    )


class AmountForm(ReasonForm):
    """A correction in units of the currency."""

    amount = MoneyField(label=_("Amount the partner pays (negative: gets back)"), least=None)
    field_order = ["amount", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shares = PartnerShare.objects.filter(pk=int(self.object_id or 0))
        currency = shares.values_list("partner__currency", flat=True).first()
        self.fields["amount"].use_currency(currency or "")


@admin.register(Partner)
class PartnerAdmin(KeptAdmin):
    blank_text = _("Add a partner, such as a maker, who pays a part of discounts.")
    list_display = ["name", "code", "currency", "is_active"]
    search_fields = ["name", "code__startswith"]
    fields = [("name", "code"), ("contact_email", "currency"), "is_active", "ties"]
    readonly_fields = ["ties"]
    actions_detail = ["close_period"]
    actions_row = ["close_period"]

    @admin.display(description=_("Booked against redeemed"))
    def ties(self, row: Partner) -> SafeString | str:
        """Whether discounts booked for the partner agree with the redemptions, by campaign."""
        if row._state.adding:
            return EMPTY
        lines = [
            (
                tie.campaign,
                show_money(tie.booked_minor, row.currency),
                show_money(tie.redeemed_minor, row.currency),
                show_tag(_("ties"), "green")
                if tie.is_reconciled
                else show_tag(_("differs"), "red"),
            )
            for tie in reconcile_redemptions(row.pk)
        ]
        return format_html_join("", "<p>{}: {} / {} {}</p>", lines) or EMPTY

    @action(
        description=_("Close a period"),
        permissions=["act"],
        url_path="close-period",
        icon="event_available",
        dialog=ask(
            _("Close the period?"),
            _("It cannot be changed afterwards: what comes later belongs to the next one."),
            form_class=PeriodForm,
            submit=_("Close a period"),
        ),
    )
    def close_period(self, request: HttpRequest, form: PeriodForm, object_id: str) -> HttpResponse:
        """Settle everything before the day."""

        def act() -> None:
            close_settlement(
                partner_id=int(object_id),
                ends_on=form.cleaned_data["ends_on"],
                by_id=account_id(request),
                now=utc_now(),
            )

        tell_outcome(self, request, act, _("The period is closed; see Settlements."))
        return go_back(request)


class ProductInline(StaffInline):
    model = PartnerProduct
    fields = ["product"]
    autocomplete_fields = ["product"]
    extra = 0
    tab = True


@admin.register(PartnerShare)
class PartnerShareAdmin(KeptAdmin):
    blank_text = _("Add what part of an offer's discount a partner pays.")
    list_display = [
        "partner",
        "campaign",
        "percent",
        money_column("cap_minor", _("Cap"), currency_field="partner.currency"),
        money_column("charged_minor", _("Charged"), currency_field="partner.currency"),
    ]
    list_select_related = ["partner", "campaign"]
    list_filter = [("partner", RelatedDropdownFilter)]
    search_fields = ["partner__name", "campaign__name"]
    autocomplete_fields = ["partner", "campaign"]
    fields = ["partner", "campaign", ("percent", "cap_minor"), "charged_minor"]
    readonly_fields = ["charged_minor"]
    inlines = [ProductInline]
    actions_detail = ["correct"]
    actions_row = ["correct"]

    def place_for(self, row: Any, asked: Mapping[str, str]) -> StaffRegion:
        """Return the page's clock and the partner's currency."""
        chosen = read_number(asked.get("partner", "")) or int(getattr(row, "partner_id", 0) or 0)
        currency = Partner.objects.filter(pk=chosen).values_list("currency", flat=True).first()
        return replace(staff_region(), currency=currency) if currency else staff_region()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Once something is booked, who pays how much is agreed."""
        agreed = ["partner", "campaign", "percent"]
        is_used = obj is not None and obj.entries.exists()
        return [*agreed, "charged_minor"] if is_used else ["charged_minor"]

    @action(
        description=_("Book a correction"),
        permissions=["act"],
        url_path="correct",
        icon="exposure",
        dialog=ask(
            _("Book a correction?"),
            _("It belongs to the period that is closed next."),
            form_class=AmountForm,
            submit=_("Book a correction"),
        ),
    )
    def correct(self, request: HttpRequest, form: AmountForm, object_id: str) -> HttpResponse:
        """Book what was agreed beside the rule."""
        share = PartnerShare.objects.get(pk=int(object_id))

        def act() -> None:
            correct_partner(
                share_id=share.pk,
                partner_minor=form.cleaned_data["amount"],
                reason=form.cleaned_data["reason"],
                key=str(uuid7()),
                now=utc_now(),
            )

        tell_outcome(self, request, act, _("Booked."))
        return go_back(request)


@admin.register(PartnerEntry)
class PartnerEntryAdmin(ReadOnlyAdmin):
    list_display = [
        age_column("at", _("When")),
        "share",
        tag_column("kind", _("Kind"), KIND_TONES),
        "order_ref",
        money_column("discount_minor", _("Discount"), currency_field="share.partner.currency"),
        money_column("partner_minor", _("Partner's part"), currency_field="share.partner.currency"),
        "settlement",
    ]
    list_select_related = ["share__campaign", "share__partner", "settlement__partner"]
    list_filter = [("kind", ChoicesDropdownFilter), ("share__partner", RelatedDropdownFilter)]
    search_fields = ["order_ref__startswith"]
    ordering = ["-id"]
    blank_text = _("Discounts that partners share are listed here, line by line.")


@admin.register(Settlement)
class SettlementAdmin(ReadOnlyAdmin):
    list_display = [
        "partner",
        "starts_on",
        "ends_on",
        money_column("used_minor", _("Discounts"), currency_field="partner.currency"),
        money_column("returned_minor", _("Returned"), currency_field="partner.currency"),
        money_column("corrected_minor", _("Corrections"), currency_field="partner.currency"),
        money_column("due_minor", _("Partner pays"), currency_field="partner.currency"),
        "entry_count",
        "report",
    ]
    list_select_related = ["partner"]
    list_filter = [("partner", RelatedDropdownFilter)]
    search_fields = ["partner__name"]
    readonly_fields = ["report"]
    blank_text = _("Closed periods are listed here with their reports.")

    @admin.display(description=_("Report"))
    def report(self, row: Settlement) -> SafeString:
        """The CSV for the partner: sums only."""
        address = reverse("admin:promotions_settlement_csv", args=[row.pk])
        return format_html('<a class="ft-link" href="{}" download>CSV</a>', address)

    def get_urls(self) -> list[URLPattern]:
        """Add the report."""
        download = self.admin_site.admin_view(self.download)
        own = path("<int:pk>/report.csv", download, name="promotions_settlement_csv")
        return [own, *super().get_urls()]

    def download(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Hand out a settlement's report."""
        settlement = self.get_object(request, str(pk))
        if settlement is None or not self.has_view_permission(request, settlement):
            return HttpResponse(status=404)
        response = HttpResponse(write_report(settlement), content_type="text/csv; charset=utf-8")
        name = f"{settlement.partner.code}-{settlement.starts_on}-{settlement.ends_on}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
