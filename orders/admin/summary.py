"""An order on one look: frozen lines with every price stage, and how the sums close."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from orders.fulfilment.api import list_parcels
from orders.order.models import Order, OrderLine
from orders.payments.api import REFUNDABLE, read_unassigned
from orders.terms.models import DeliveryMethod
from orders.wording import name_method
from shop.ground.staff.columns import show_money

type Text = str | Promise
PAID = ("authorized", "succeeded", "voided", "refunded")


def summarize_order(order: Order) -> dict[str, Any]:
    """Return the lines, parcels and sums of `order` as text. Three queries."""
    lines = OrderLine.objects.filter(order=order).order_by("position")
    return {
        "lines": [_describe_line(line, order.currency) for line in lines],
        "parcels": list_parcels(
            order_id=order.pk, language=get_language() or "en", with_cancelled=True
        ),
        "sums": _list_sums(order),
    }


def _describe_line(line: OrderLine, currency: str) -> dict[str, Any]:
    quote = None if line.quote_id is None else reverse("admin:quote", args=[line.quote_id])
    return {
        "name": line.name,
        "sku": line.sku,
        "quantity": line.quantity,
        "is_personal": line.is_personal,
        "refunded": line.refunded_quantity,
        "packed": line.packed_quantity,
        "list": show_money(line.list_minor, currency),
        "public": show_money(line.public_minor, currency),
        "quoted": show_money(line.quoted_minor, currency),
        "tax": show_money(line.tax_minor, currency),
        "total": show_money(line.total_minor, currency),
        "offers": [
            (str(one.get("label", "")), show_money(one.get("amount_minor"), currency))
            for one in line.adjustments
        ],
        "quote_address": quote,
    }


def _list_sums(order: Order) -> list[tuple[Text, str]]:
    sums: list[tuple[Text, int]] = [
        (_("Products"), order.subtotal_minor),
        (_("Offers"), -order.discount_minor),
        (_("Delivery"), order.delivery_minor),
        (_("Tax on top"), order.tax_added_minor),
        (_("Total"), order.total_minor),
        (_("of it tax"), order.tax_minor),
        (_("Refunded"), -order.refunded_minor),
    ]
    shown = [(name, amount) for name, amount in sums if amount or name in (sums[0][0], sums[4][0])]
    return [(name, show_money(amount, order.currency)) for name, amount in shown]


def show_left(line: OrderLine) -> str:
    """Return what of the line's price was not refunded yet, in the order's currency."""
    return show_money(line.total_minor - line.refunded_minor, line.order.currency)


def list_paid_with(order: Order) -> str:
    """Return by which service and in which way an order was paid; "" while it is not.

    A way to pay such as "card" exists with several services. One query.
    """
    paid = order.payments.filter(state__in=PAID).exclude(reason_code="order_closed")
    language = get_language() or "en"
    return ", ".join(
        f"{one.provider.capitalize()} ({name_method(one.method, language)})" for one in paid
    )


def name_delivery(order: Order) -> str:
    """Return the name of the way it is delivered; its code where it is gone. One query."""
    ways = DeliveryMethod.objects.filter(market_code=order.market_code, code=order.delivery_method)
    way = ways.first()
    if way is None:
        return order.delivery_method
    is_chinese = (get_language() or "en").startswith("zh")
    return way.name_zh or way.name if is_chinese else way.name


def list_refundable(order: Order) -> list[tuple[Text, str]]:
    """Return what was paid, what went back, and what still can, in the order's currency.

    A payment that came too late, and went back at once, is none. Two queries.
    """
    paid_by = order.payments.filter(state__in=PAID)
    payment = paid_by.exclude(reason_code="order_closed").first()
    paid = None if payment is None else payment.amount_minor
    is_open = order.status in REFUNDABLE
    unassigned = read_unassigned(order) if is_open else 0
    sums: list[tuple[Text, int | None]] = [
        (_("Paid"), paid),
        (_("Refunded so far"), order.refunded_minor),
        *([(_("of it at the provider, for no pieces yet"), unassigned)] if unassigned else []),
        (_("Can be refunded"), paid - order.refunded_minor if is_open and paid else 0),
    ]
    return [(name, show_money(amount, order.currency)) for name, amount in sums]
