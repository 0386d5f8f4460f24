"""The staff tables of coupons and their uses, of code batches and use limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    RangeDateTimeFilter,
)
from unfold.decorators import action

from promotions.admin.recorded import region_of_campaign
from promotions.campaigns.models import Offer
from promotions.coupons.api import stop_batch, stream_codes
from promotions.coupons.models import CodeBatch, Coupon, LimitCounter, Redemption, UseLimit
from promotions.tasks import make_codes
from shop.ground.catalog.selectors import find_place
from shop.ground.staff.columns import age_column, money_column, show_money, tag_column
from shop.ground.staff.keys import read_number
from shop.ground.staff.log import write_act
from shop.ground.staff.numbers import EMPTY, show_count
from shop.ground.staff.reasons import ReasonForm, ask, go_back, tell_outcome
from shop.ground.staff.region import StaffRegion
from shop.ground.staff.roles import may_see_cost
from shop.ground.staff.tables import KeptAdmin, ReadOnlyAdmin, ReadOnlyInline

STATE_TONES = {"held": "amber", "committed": "green", "released": "gray"}


@admin.register(Coupon)
class CouponAdmin(KeptAdmin):
    blank_text = _("Add a code that shoppers type in the cart, and the campaign it belongs to.")
    list_display = ["code", "offer", "campaign", "used", "per_shopper_limit", "is_active"]
    list_select_related = ["offer__campaign"]
    list_filter = ["is_active", ("offer__campaign", AutocompleteSelectFilter)]
    search_fields = ["code__startswith", "offer__name"]
    autocomplete_fields = ["offer"]
    fields = [
        "code",
        "offer",
        ("max_redemptions", "per_shopper_limit", "redeemed"),
        "is_active",
        "external_ref",
    ]
    readonly_fields = ["redeemed", "external_ref"]

    @admin.display(description=_("Campaign"))
    def campaign(self, row: Coupon) -> str:
        """The campaign of its offer."""
        return row.offer.campaign.name

    @admin.display(description=_("Used"), ordering="redeemed")
    def used(self, row: Coupon) -> str:
        """Uses of the limit."""
        limit = EMPTY if row.max_redemptions is None else str(row.max_redemptions)
        return f"{row.redeemed} / {limit}"


@admin.register(Redemption)
class RedemptionAdmin(ReadOnlyAdmin):
    blank_text = _("Each use of an offer in an order is listed here.")
    list_display = [
        age_column("at", _("When")),
        "campaign",
        "coupon",
        "order_ref",
        money_column("amount_minor", _("Amount")),
        tag_column("state", _("State"), STATE_TONES),
    ]
    list_select_related = ["campaign", "coupon"]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        ("campaign", AutocompleteSelectFilter),
        ("at", RangeDateTimeFilter),
    ]
    search_fields = ["order_ref__startswith", "coupon__code__startswith"]
    ordering = ["-id"]


BATCH_TONES = {"waiting": "blue", "running": "amber", "done": "green", "stopped": "gray"}


@admin.register(CodeBatch)
class CodeBatchAdmin(KeptAdmin):
    blank_text = _("Batches of codes that nobody can guess will be here once you add one.")
    list_display = [
        "name",
        "offer",
        "pattern",
        "progress",
        tag_column("status", _("Status"), BATCH_TONES),
        "ends_at",
        "download_link",
    ]
    list_select_related = ["offer"]
    list_filter = [("status", ChoicesDropdownFilter), ("offer", AutocompleteSelectFilter)]
    search_fields = ["name", "pattern__startswith"]
    autocomplete_fields = ["offer"]
    fields = [
        "name",
        "offer",
        ("pattern", "amount"),
        ("max_redemptions", "per_shopper_limit"),
        "ends_at",
        ("status", "progress"),
    ]
    readonly_fields = ["status", "progress"]
    actions_detail = ["stop"]
    fixed_fields = ["offer", "pattern", "amount", "max_redemptions", "per_shopper_limit"]

    def get_urls(self) -> list[Any]:
        """Add the file of codes."""
        download = self.admin_site.admin_view(self.download)
        return [path("<int:batch_id>/codes.csv", download, name="code_file"), *super().get_urls()]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Start making a new batch at once; the clock goes on with it if a worker dies."""
        super().save_model(request, obj, form, change)
        if not change:
            make_codes.delay_on_commit()

    def download(self, request: HttpRequest, batch_id: int) -> StreamingHttpResponse:
        """Send the codes as they are read; a million of them are never in memory."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        answer = StreamingHttpResponse(stream_codes(batch_id=batch_id), content_type="text/csv")
        answer["Content-Disposition"] = f'attachment; filename="codes-{batch_id}.csv"'
        return answer

    @admin.display(description=_("Made"))
    def progress(self, row: CodeBatch) -> str:
        """How many codes there are, of how many."""
        return f"{show_count(row.made)} / {show_count(row.amount)}" if row.pk else EMPTY

    @admin.display(description=_("File"))
    def download_link(self, row: CodeBatch) -> SafeString:
        """Where the file is."""
        address = reverse("admin:code_file", args=[row.pk])
        return format_html('<a class="underline" href="{}">CSV</a>', address)

    @action(
        description=_("Stop"),
        permissions=["act"],
        url_path="stop",
        icon="stop",
        dialog=ask(
            _("Stop making codes?"),
            _("The codes that exist stay valid."),
            form_class=ReasonForm,
            submit=_("Stop"),
        ),
    )
    def stop(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """Make no more codes of it."""
        batch_id = int(object_id)
        if tell_outcome(self, request, lambda: stop_batch(batch_id=batch_id), _("Stopped.")):
            batch = CodeBatch.objects.get(pk=batch_id)
            act = write_act(_("Stopped."), reason=form.cleaned_data["reason"])
            self.log_change(request, batch, act)
        return go_back(request)


class CounterInline(ReadOnlyInline):
    model = LimitCounter
    fields = ["period", "uses", "spent_minor"]
    ordering = ["-period"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Leave out what was given away for who may not see costs."""
        return self.fields if may_see_cost(request.user) else self.fields[:-1]


@admin.register(UseLimit)
class UseLimitAdmin(KeptAdmin):
    blank_text = _("How often and how much campaigns may be used will be here once you limit one.")
    list_display = [
        "scope",
        "entity",
        "period",
        "counted",
        "max_uses",
        "money_at_most",
        "is_active",
    ]
    list_select_related = ["campaign", "offer__campaign"]
    list_filter = [
        "is_active",
        ("entity", ChoicesDropdownFilter),
        ("campaign", AutocompleteSelectFilter),
    ]
    search_fields = ["campaign__name", "offer__name"]
    autocomplete_fields = ["campaign", "offer"]
    fields = [
        ("campaign", "offer"),
        ("entity", "period", "counted"),
        ("max_uses", "max_minor"),
        "is_active",
    ]
    inlines = [CounterInline]
    fixed_fields = ["campaign", "offer", "entity", "period", "counted"]  # counters use them

    def place_for(self, row: Any, asked: Mapping[str, str]) -> StaffRegion:
        """Return the place of the market of what it limits."""
        chosen = read_number(asked.get("offer", "")) or getattr(row, "offer_id", None)
        offers = Offer.objects.filter(pk=chosen or 0).values_list("campaign_id", flat=True)
        campaign = offers.first() or getattr(row, "campaign_id", None)
        return region_of_campaign(campaign, asked)

    @admin.display(description=_("At most"), ordering="max_minor")
    def money_at_most(self, row: UseLimit) -> str:
        """The most it may take off, in the campaign's currency."""
        campaign = row.campaign or getattr(row.offer, "campaign", None)
        place = find_place("" if campaign is None else campaign.market_code)
        return show_money(row.max_minor, place.currency)

    @admin.display(description=_("Of"))
    def scope(self, row: UseLimit) -> str:
        """The campaign or offer it limits."""
        return str(row.campaign or row.offer)
