"""Staff tables of payments and refunds."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter

from orders.admin.inlines import PAYMENT_TONES, money_in_order
from orders.models import (
    Payment,
    Refund,
)
from shop.staff.columns import (
    age_column,
    money_column,
    tag_column,
)
from shop.staff.keys import KeySearchAdmin, read_text, read_uuid
from shop.staff.tables import ReadOnlyAdmin


@admin.register(Payment)
class PaymentAdmin(KeySearchAdmin):
    blank_text = _("Each attempt to pay for an order is listed here with its result.")
    list_display = [
        age_column("created_at", _("When")),
        "order",
        "provider",
        "method",
        money_column("amount_minor", _("Amount"), currency_field="currency"),
        money_column("refunded_minor", _("Refunded"), currency_field="currency"),
        tag_column("state", _("State"), PAYMENT_TONES),
        "reason_code",
    ]
    list_select_related = ["order"]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        "provider",
        ("created_at", RangeDateTimeFilter),
    ]
    search_keys = {"id": read_uuid, "order__number": read_text, "provider_ref": read_text}


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    blank_text = _("Refunds that staff make on an order's page are listed here.")
    list_display = [
        age_column("at", _("When")),
        "order",
        money_in_order("amount_minor", _("Amount")),
        "reason",
    ]
    list_select_related = ["order"]
    list_filter = [("at", RangeDateTimeFilter)]
    search_fields = ["order__number__startswith"]
    ordering = ["-id"]
