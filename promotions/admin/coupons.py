"""The staff tables of coupons and their uses."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    RangeDateTimeFilter,
)

from promotions.coupons.models import Coupon, Redemption
from shop.ground.staff.columns import age_column, money_column, tag_column
from shop.ground.staff.numbers import EMPTY
from shop.ground.staff.tables import KeptAdmin, ReadOnlyAdmin

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
