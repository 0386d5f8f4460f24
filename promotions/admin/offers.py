"""The staff table of offers."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
)

from promotions.admin.recorded import RecordedAdmin
from promotions.models import Offer
from promotions.services.campaign_revisions import open_for_change
from shop.kernel.clock import utc_now
from shop.staff.columns import show_money


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


@admin.register(Offer)
class OfferAdmin(RecordedAdmin):
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
        (None, {"fields": ["campaign", ("name", "name_zh"), "code", "is_active", "change_reason"]}),
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

    def campaign_of(self, row: Offer) -> int:
        """Return the id of its campaign."""
        return row.campaign_id

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A stored offer stays with its campaign: both have a history."""
        return ["campaign"] if obj else []

    def save_model(self, request: HttpRequest, obj: Offer, form: Any, change: Any) -> None:
        """Lock the campaign of a new offer; that of a stored one is locked already."""
        if not change:
            open_for_change(campaign_id=obj.campaign_id, now=utc_now())
        super().save_model(request, obj, form, change)

    @admin.display(description=_("Benefit"))
    def benefit(self, row: Offer) -> str:
        """What it takes off."""
        if row.percent is not None:
            return f"{row.percent.normalize():f} %"
        return show_money(row.amount_minor)
