"""An order on one look: frozen lines with every price stage, and how the sums close."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from orders.fulfilment.api import list_parcels, name_delivery
from orders.order.models import Order, OrderLine
from orders.payments.admin import PAYMENT_TONES, REFUND_TONES, refund_reason
from orders.payments.api import REFUNDABLE, read_unassigned
from orders.terms.api import write_address
from orders.wording import name_method
from shop.ground.staff.columns import show_money

type Text = str | Promise
PAID = ("authorized", "succeeded", "voided", "refunded")


def summarize_order(order: Order) -> dict[str, Any]:
    """Return the lines, parcels and sums of `order` as text. Four queries."""
    lines = list(OrderLine.objects.filter(order=order).order_by("position"))
    language = get_language() or "en"
    return {
        "lines": [_describe_line(line, order.currency) for line in lines],
        "is_personal": any(line.is_personal for line in lines),
        "parcels": list_parcels(order_id=order.pk, language=language, with_cancelled=True),
        "total": show_money(order.total_minor, order.currency),
        "sums": _list_sums(order, lines),
        "delivery": name_delivery(order, language),
        "address": write_address(order),
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
        "steps": [(name, show_money(amount, currency)) for name, amount in _list_steps(line)],
        "subtotal": show_money(line.subtotal_minor, currency),
        "offers": [
            (str(one.get("label", "")), show_money(one.get("amount_minor"), currency))
            for one in line.adjustments
        ],
        "tax": show_money(line.tax_added_minor, currency) if line.tax_added_minor else "",
        "total": show_money(line.total_minor, currency),
        "quote_address": quote,
    }


def _list_steps(line: OrderLine) -> list[tuple[Text, int]]:
    """Return the prices of one piece from the list price on; one that changes nothing is left out.

    The last is what one piece was sold for before offers.
    """
    steps: list[tuple[Text, int]] = [(_("List price"), line.list_minor)]
    if line.public_minor != line.list_minor:
        steps.append((_("Public price"), line.public_minor))
    if line.quoted_minor != line.public_minor or line.is_personal:
        is_personal = line.is_personal
        steps.append((_("Personal price") if is_personal else _("Quoted price"), line.quoted_minor))
    return steps


def _list_sums(order: Order, lines: list[OrderLine]) -> list[dict[str, Any]]:
    """Return how the list prices of all pieces become the total: each row adds to those above.

    Rows that change nothing are left out; sums are rows that add nothing.
    """
    listed = sum(line.list_minor * line.quantity for line in lines)
    public = sum(line.public_minor * line.quantity for line in lines)
    rows: list[tuple[Text, int, bool]] = [
        (_("At list prices"), listed, False),
        (_("Public prices"), public - listed, False),
        (_("Personal prices"), order.subtotal_minor - public, False),
        (_("Products"), order.subtotal_minor, True),
        (_("Offers"), -order.discount_minor, False),
        (_("Delivery"), order.delivery_minor, False),
        (_("Tax on top"), order.tax_added_minor, False),
        (_("Total"), order.total_minor, True),
        (_("of it tax"), order.tax_minor, False),
        (_("Refunded"), -order.refunded_minor, False),
    ]
    has_steps = order.subtotal_minor != listed
    shown = [row for row in rows if row[1] or row[2]]
    if not has_steps:
        shown = [row for row in shown if row[0] != rows[0][0]]
    return [
        {"name": name, "amount": show_money(amount, order.currency), "is_sum": is_sum}
        for name, amount, is_sum in shown
    ]


def show_left(line: OrderLine) -> str:
    """Return what of the line's price was not refunded yet, in the order's currency."""
    return show_money(line.total_minor - line.refunded_minor, line.order.currency)


def list_payments(order: Order) -> list[dict[str, Any]]:
    """Return the attempts to pay, first made first: what, how much, with what result. One query."""
    language = get_language() or "en"
    return [
        {
            "key": one.pk,
            "at": one.created_at,
            "how": f"{one.provider.capitalize()} ({name_method(one.method, language)})",
            "amount": show_money(one.amount_minor, one.currency),
            "state": one.get_state_display(),
            "tone": PAYMENT_TONES.get(one.state, "gray"),
            "reason": one.reason_code,
            "dispute": one.dispute,
            "reference": one.provider_ref,
        }
        for one in order.payments.order_by("created_at", "pk")
    ]


def list_refunds(order: Order) -> list[dict[str, Any]]:
    """Return what went back, first made first. One query."""
    return [
        {
            "key": one.pk,
            "at": one.at,
            "amount": show_money(one.amount_minor, order.currency),
            "state": one.get_state_display(),
            "tone": REFUND_TONES.get(one.state, "gray"),
            "reason": refund_reason(one),
            "failure": one.failure_code,
        }
        for one in order.refunds.order_by("at", "pk")
    ]


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
