"""Staff tables of delivery methods and tax rates."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from orders.models import (
    DeliveryMethod,
    TaxRate,
)
from shop.kernel.clock import utc_now
from shop.staff.columns import (
    money_column,
)
from shop.staff.tables import KeptAdmin, StaffAdmin


@admin.register(DeliveryMethod)
class DeliveryMethodAdmin(KeptAdmin):
    list_display = [
        "name",
        "name_zh",
        "market_code",
        money_column("price_minor", _("Price")),
        money_column("free_from_minor", _("Free from")),
        "min_days",
        "max_days",
        "is_active",
    ]
    list_filter = ["market_code", "is_active"]
    search_fields = ["name", "name_zh", "code"]
    fieldsets = [
        (None, {"fields": [("name", "name_zh"), ("code", "market_code"), "is_active", "position"]}),
        (_("Price (minor units)"), {"fields": [("price_minor", "free_from_minor")]}),
        (_("How"), {"fields": [("min_days", "max_days"), "needs_address"]}),
    ]


@admin.register(TaxRate)
class TaxRateAdmin(StaffAdmin):
    list_display = [
        "market_code",
        "category_path",
        "percent",
        "is_included",
        "valid_from",
        "valid_to",
    ]
    list_filter = ["market_code", "is_included"]
    search_fields = ["category_path"]
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only rows that never held: orders were taxed under the others."""
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and obj is not None and obj.valid_from > utc_now().date()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Like deleting."""
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and (obj is None or obj.valid_from > utc_now().date())
