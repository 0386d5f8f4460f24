"""Staff tables of payments and refunds, and what an order's page shows of them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter

from orders.payments.models import Payment, PaymentEvent, Refund
from shop.staff.columns import (
    age_column,
    money_column,
    show_money,
    tag_column,
)
from shop.staff.keys import KeySearchAdmin, read_text, read_uuid
from shop.staff.tables import ReadOnlyAdmin, ReadOnlyInline

PAYMENT_TONES = {
    "started": "blue",
    "needs_action": "amber",
    "authorized": "green",
    "succeeded": "green",
    "declined": "red",
    "failed": "red",
    "voided": "red",
}


REFUND_TONES = {"pending": "amber", "succeeded": "green", "failed": "red"}


def money_in_order(field: str, title: Any) -> Any:
    """Return a column with money in the currency of the row's order."""

    @admin.display(description=title)
    def column(row: Any) -> str:
        return show_money(getattr(row, field), row.order.currency)

    column.__name__ = f"{field}_money"
    return column


class PaymentInline(ReadOnlyInline):
    model = Payment
    verbose_name_plural = _("Payments")
    fields = [
        "created_at",
        "provider",
        "method",
        money_column("amount_minor", _("Amount"), currency_field="currency"),
        money_column("refunded_minor", _("Refunded"), currency_field="currency"),
        tag_column("state", _("State"), PAYMENT_TONES),
        "reason_code",
    ]
    readonly_fields = fields


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
        tag_column("state", _("State"), REFUND_TONES),
        "reason",
    ]
    list_select_related = ["order"]
    list_filter = [("state", ChoicesDropdownFilter), ("at", RangeDateTimeFilter)]
    search_fields = ["order__number__startswith"]
    ordering = ["-id"]


@admin.register(PaymentEvent)
class PaymentEventAdmin(KeySearchAdmin):
    blank_text = _("What payment providers say to the shop is listed here, each event once.")
    list_display = [age_column("received_at", _("When")), "provider", "kind", "provider_ref"]
    list_filter = ["provider", ("received_at", RangeDateTimeFilter)]
    search_keys = {"event_id": read_text, "provider_ref": read_text}
