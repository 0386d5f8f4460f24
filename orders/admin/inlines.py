"""What belongs to an order, shown on its page: frozen lines, timeline, payments."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from orders.models import (
    OrderEvent,
    OrderLine,
    Payment,
)
from shop.staff.columns import (
    money_column,
    show_link,
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


class OrderLineInline(ReadOnlyInline):
    """The frozen stages of each line, side by side, with the quote behind the price."""

    model = OrderLine
    verbose_name_plural = _("Lines")
    fields = [
        "sku",
        "name",
        "quantity",
        money_in_order("list_minor", _("List")),
        money_in_order("public_minor", _("Public")),
        money_in_order("quoted_minor", _("Quoted")),
        money_in_order("subtotal_minor", _("Subtotal")),
        money_in_order("discount_minor", _("Offers")),
        money_in_order("tax_minor", _("Tax")),
        money_in_order("total_minor", _("Total")),
        "offers",
        "label_code",
        "quote_link",
    ]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderLine]:
        """Read the order, whose currency each amount is in, with the lines."""
        rows: QuerySet[OrderLine] = super().get_queryset(request)
        return rows.select_related("order")

    @admin.display(description=_("Why"))
    def offers(self, row: OrderLine) -> SafeString | str:
        """Each offer with its part of the discount."""
        parts = (
            (str(one.get("label", "")), show_money(one.get("amount_minor"), row.order.currency))
            for one in row.adjustments
        )
        return format_html_join("", "<div>{} {}</div>", parts) or "–"

    @admin.display(description=_("Quote"))
    def quote_link(self, row: OrderLine) -> SafeString | str:
        """The quote behind the price."""
        return show_link("admin:quote", row.quote_id, _("why this price"))


class OrderEventInline(ReadOnlyInline):
    model = OrderEvent
    verbose_name_plural = _("Timeline")
    fields = ["at", "kind", "detail"]
    readonly_fields = fields


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
