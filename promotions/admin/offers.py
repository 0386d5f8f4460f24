"""The staff table of offers."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
)

from promotions.models import Offer
from shop.staff.columns import show_money
from shop.staff.tables import KeptAdmin


@admin.register(Offer)
class OfferAdmin(KeptAdmin):
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
    autocomplete_fields = ["campaign"]
    fieldsets = [
        (None, {"fields": ["campaign", ("name", "name_zh"), "code", "is_active"]}),
        (
            _("Benefit"),
            {
                "fields": [
                    ("benefit_kind", "target"),
                    ("percent", "amount_minor", "max_discount_minor"),
                ],
                "description": _("Amounts are minor units (cents)."),
            },
        ),
        (_("Condition and scope"), {"fields": ["condition", "scope", "requires_coupon"]}),
        (_("With other offers"), {"fields": [("stacking", "stacking_group", "priority")]}),
    ]

    @admin.display(description=_("Benefit"))
    def benefit(self, row: Offer) -> str:
        """What it takes off."""
        if row.percent is not None:
            return f"{row.percent.normalize():f} %"
        return show_money(row.amount_minor)
