"""Staff table of carts."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from orders.cart.models import Cart, CartLine
from shop.ground.staff.columns import (
    age_column,
    show_link,
    tag_column,
)
from shop.ground.staff.filters import ChannelFilter
from shop.ground.staff.keys import KeySearchAdmin, read_uuid
from shop.ground.staff.tables import ReadOnlyInline

CART_TONES = {"open": "green", "ordered": "blue"}


class CartLineInline(ReadOnlyInline):
    model = CartLine
    fields = [
        "variant",
        "quantity",
        "list_minor",
        "public_minor",
        "quoted_minor",
        "label_code",
        "quote_link",
    ]
    readonly_fields = fields

    @admin.display(description=_("Quote"))
    def quote_link(self, row: CartLine) -> SafeString | str:
        """The quote behind the price."""
        return show_link("admin:quote", row.quote_id, _("why this price"))


@admin.register(Cart)
class CartAdmin(KeySearchAdmin):
    blank_text = _("A cart is listed here as soon as a shopper adds a product.")
    list_display = [
        "id",
        tag_column("status", _("Status"), CART_TONES),
        "shopper_link",
        "channel",
        "coupon_codes",
        age_column("changed_at", _("Changed")),
        age_column("expires_at", _("Expires")),
    ]
    list_filter = [("status", ChoicesDropdownFilter), ChannelFilter]
    search_keys = {"id": read_uuid, "shopper__pseudonym": read_uuid}
    inlines = [CartLineInline]

    @admin.display(description=_("Shopper"), ordering="shopper_id")
    def shopper_link(self, row: Cart) -> SafeString | str:
        """The page with everything about the shopper."""
        return show_link("admin:shopper_overview", row.shopper_id, row.shopper_id)
