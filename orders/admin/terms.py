"""Staff tables of delivery methods and tax rates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from orders.terms.models import DeliveryMethod, TaxRate
from shop.ground.catalog.selectors import find_place
from shop.ground.staff.columns import show_money
from shop.ground.staff.region import StaffRegion
from shop.ground.staff.tables import DatedAdmin, KeptAdmin


@admin.register(DeliveryMethod)
class DeliveryMethodAdmin(KeptAdmin):
    blank_text = _("Add a delivery method with its price: without one nobody can check out.")
    list_display = [
        "name",
        "name_zh",
        "market_code",
        "price",
        "free_from",
        "min_days",
        "max_days",
        "is_active",
    ]
    list_filter = ["market_code", "is_active"]
    search_fields = ["name", "name_zh", "code"]
    fieldsets = [
        (None, {"fields": [("name", "name_zh"), ("code", "market_code"), "is_active", "position"]}),
        (_("Price"), {"fields": [("price_minor", "free_from_minor")]}),
        (_("How"), {"fields": [("min_days", "max_days"), ("needs_address", "countries")]}),
    ]

    def place_for(self, row: Any, asked: Mapping[str, str]) -> StaffRegion:
        """Return the place of its market."""
        return find_place(asked.get("market_code", "" if row is None else row.market_code))

    @admin.display(description=_("Price"), ordering="price_minor")
    def price(self, row: DeliveryMethod) -> str:
        """The price in its market's currency."""
        return show_money(row.price_minor, find_place(row.market_code).currency)

    @admin.display(description=_("Free from"), ordering="free_from_minor")
    def free_from(self, row: DeliveryMethod) -> str:
        """From which total on it costs nothing."""
        return show_money(row.free_from_minor, find_place(row.market_code).currency)


@admin.register(TaxRate)
class TaxRateAdmin(DatedAdmin):
    blank_text = _("No tax is charged until you add a rate for a market.")
    list_display = [
        "market_code",
        "category_path",
        "tax_class",
        "percent",
        "is_included",
        "valid_from",
        "valid_to",
    ]
    list_filter = ["market_code", "is_included"]
    search_fields = ["category_path"]
