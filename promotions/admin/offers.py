"""The staff table of offers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
)

from promotions.admin.recorded import RecordedAdmin, region_of_campaign
from promotions.campaigns.models import Offer, StackingCategory, StackingGroup
from promotions.release.api import open_for_change
from shop.ground.catalog.selectors import find_place
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import show_link, show_money
from shop.ground.staff.numbers import show_units
from shop.ground.staff.region import StaffRegion
from shop.ground.staff.tables import KeptAdmin, StaffInline


class OfferInline(StaffInline):
    model = Offer
    fields = ["name", "benefit_kind", "percent", "amount_minor", "requires_coupon", "is_active"]
    extra = 0
    tab = True
    per_page = 20
    show_change_link = True
    can_delete = False
    allows_add = False  # offers have conditions: they are added on their own page


AMOUNTS = _(
    "Of a set price or a bundle the amount is the price. What a kind needs beside, as terms; "
    "amounts in terms and conditions are whole minor units (4000 is 40.00):"
)
# JSON in every language: what `promotions.engine.core.parsing.benefits` reads
TERMS = (
    'set_price {"size": 3} · '
    'buy_get {"buy": 2, "get": 1, "get_scope": {"brands": [5]}} · '
    'cheapest_free {"size": 3, "free": 1} · '
    'bundle {"parts": [{"scope": {"categories": [1]}, "quantity": 2}, …]} · '
    'quantity_tiers {"steps": [{"from": 3, "percent": 5}, {"from": 6, "percent": 10}]} · '
    'spend_tiers {"steps": [{"from": 4000, "amount": 500}]} · '
    'gift {"variants": [12], "quantity": 1} · '
    'delivery {"methods": ["standard"], "price": 199} · '
    'points {"points": 5, "per": 100}'
)


@admin.register(Offer)
class OfferAdmin(RecordedAdmin):
    blank_text = _("Offers are part of a campaign: add a campaign first, then its offers.")
    list_display = [
        "name",
        "campaign",
        "benefit",
        "target",
        "stacking",
        "priority",
        "requires_coupon",
        "is_active",
    ]
    list_select_related = ["campaign"]
    list_filter = [
        "is_active",
        "requires_coupon",
        ("benefit_kind", ChoicesDropdownFilter),
        ("campaign", AutocompleteSelectFilter),
    ]
    search_fields = ["name", "name_zh", "code__startswith"]
    autocomplete_fields = ["campaign", "group", "category"]
    fieldsets = [
        (None, {"fields": ["campaign", ("name", "name_zh"), "code", "is_active", "change_reason"]}),
        (
            _("Benefit"),
            {
                "fields": [
                    ("benefit_kind", "target"),
                    ("percent", "amount_minor"),
                    "terms",
                    ("max_discount_minor", "max_line_minor"),
                    ("max_line_units", "max_order_units", "cheapest_first"),
                ],
                "description": format_lazy("{} {}", AMOUNTS, TERMS),
            },
        ),
        (_("Condition and scope"), {"fields": ["condition", "scope", "requires_coupon"]}),
        (
            _("With other offers"),
            {"fields": [("stacking", "stacking_group"), ("group", "category", "priority")]},
        ),
    ]
    # Offer and campaign have a history. What an offer asks, means and gives is changed on the
    # campaign's page, in words and money.
    fixed_fields = ["campaign", "workspace", "condition", "scope", "terms"]

    def place_for(self, row: Any, asked: Mapping[str, str]) -> StaffRegion:
        """Return the place of its campaign's market."""
        return region_of_campaign(None if row is None else row.campaign_id, asked)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Lead from a stored offer to its campaign's page."""
        found = super().get_fieldsets(request, obj)
        return [(None, {"fields": ["workspace"]}), *found] if obj else found

    @admin.display(description=_("Workspace"))
    def workspace(self, row: Offer) -> SafeString | str:
        """The page on which its conditions, products and terms are changed."""
        words = _("Conditions, products and terms are changed here")
        return show_link("admin:campaign_workspace", row.campaign_id, words)

    def save_model(self, request: HttpRequest, obj: Offer, form: Any, change: Any) -> None:
        """Lock the campaign of a new offer; that of a stored one is locked already."""
        if not change:
            open_for_change(campaign_id=obj.campaign_id, now=utc_now())
        super().save_model(request, obj, form, change)

    @admin.display(description=_("Benefit"))
    def benefit(self, row: Offer) -> str:
        """What it takes off, or the kind where that needs more than a number."""
        if row.benefit_kind == Offer.Benefit.PERCENTAGE and row.percent is not None:
            return f"{show_units(float(row.percent))} %"
        if row.benefit_kind == Offer.Benefit.FIXED_AMOUNT:
            place = find_place(row.campaign.market_code)
            return show_money(row.amount_minor, place.currency)
        return str(row.get_benefit_kind_display())


@admin.register(StackingGroup)
class StackingGroupAdmin(KeptAdmin):
    blank_text = _("Add a group to say which offers exclude each other and which add up.")
    list_display = ["name", "code", "mode", "parent", "priority"]
    list_select_related = ["parent"]
    list_filter = [("mode", ChoicesDropdownFilter)]
    search_fields = ["name", "code__startswith"]
    autocomplete_fields = ["parent"]
    fields = [("name", "code"), "parent", ("mode", "priority")]


@admin.register(StackingCategory)
class StackingCategoryAdmin(KeptAdmin):
    blank_text = _("Add a category to bound what the offers in it take off together.")
    list_display = ["name", "code", "mode", "max_offers"]
    list_filter = [("mode", ChoicesDropdownFilter)]
    search_fields = ["name", "code__startswith"]
    fields = [("name", "code"), ("mode", "max_offers")]
