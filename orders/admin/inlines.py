"""What belongs to an order, in tabs on its page: timeline and payments."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from orders.admin.timeline import describe_event, with_actors
from orders.models import (
    OrderEvent,
    Payment,
)
from shop.staff.columns import (
    money_column,
    show_money,
    tag_column,
)
from shop.staff.tables import ReadOnlyInline

ORDER_TONES = {
    "awaiting_payment": "amber",
    "paid": "green",
    "fulfilled": "blue",
    "cancelled": "red",
    "refunded": "red",
}
PAYMENT_TONES = {
    "started": "blue",
    "needs_action": "amber",
    "succeeded": "green",
    "declined": "red",
    "failed": "red",
}


def money_in_order(field: str, title: Any) -> Any:
    """Return a column with money in the currency of the row's order."""

    @admin.display(description=title)
    def column(row: Any) -> str:
        return show_money(getattr(row, field), row.order.currency)

    column.__name__ = f"{field}_money"
    return column


class OrderEventInline(ReadOnlyInline):
    model = OrderEvent
    verbose_name_plural = _("Timeline")
    fields = ["at", "happened"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderEvent]:
        """Read who acted and the order's currency with the steps. One query."""
        return with_actors(super().get_queryset(request))

    @admin.display(description=_("What happened"))
    def happened(self, row: OrderEvent) -> str:
        """Say who did what, how much went back and why."""
        return describe_event(row)


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
