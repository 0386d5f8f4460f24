"""Export of a shopper's carts and orders."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from orders.cart.models import Cart, CartLine, ShownPromise
from orders.checkout.models import OrderFacts
from orders.order.models import Order, OrderLine
from orders.values import Contact

CONTACT = tuple(each.name for each in fields(Contact))


def export_shopper(shopper_id: int) -> Mapping[str, Any]:
    """Return JSON values: carts and orders with lines, payments, refunds and steps. Nine queries.

    `seen` is what was known of the shopper and the products when offers were chosen for an order.
    """
    carts = Cart.objects.filter(shopper_id=shopper_id).prefetch_related("lines__shown")
    orders = Order.objects.filter(shopper_id=shopper_id)
    orders = orders.prefetch_related("lines", "payments", "refunds", "events").order_by(
        "placed_at", "pk"
    )
    facts = OrderFacts.objects.filter(order__shopper_id=shopper_id).values_list("pk", "seen")
    seen = {order_id: json.loads(text) for order_id, text in facts}
    return {
        "carts": [_cart(cart) for cart in sorted(carts, key=_age)],
        "orders": [_order(order) | {"seen": seen.get(order.pk)} for order in orders],
    }


def _age(cart: Cart) -> tuple[datetime, bool, UUID]:
    """Oldest first: of two made at one moment the open cart is the younger one."""
    return cart.created_at, cart.status == Cart.Status.OPEN, cart.pk


def _cart(cart: Cart) -> dict[str, Any]:
    return {
        "status": cart.status,
        "changed_at": cart.changed_at.isoformat(),
        "coupon_codes": cart.coupon_codes,
        "lines": [
            {
                "variant_id": line.variant_id,
                "quantity": line.quantity,
                **_promise(line),
                "added_at": line.added_at.isoformat(),
                "shown_since": [_promise(shown) for shown in line.shown.all()],
            }
            for line in cart.lines.all()
        ],
    }


def _promise(row: CartLine | ShownPromise) -> dict[str, Any]:
    return {
        "public_minor": row.public_minor,
        "quoted_minor": row.quoted_minor,
        "is_personal": row.is_personal,
        "quote_id": None if row.quote_id is None else str(row.quote_id),
    }


def _order(order: Order) -> dict[str, Any]:
    return {
        "number": order.number,
        "channel": order.channel,
        "status": order.status,
        "placed_at": order.placed_at.isoformat(),
        "contact": {name: getattr(order, name) for name in CONTACT},
        "delivery_method": order.delivery_method,
        "currency": order.currency,
        "subtotal_minor": order.subtotal_minor,
        "discount_minor": order.discount_minor,
        "delivery_minor": order.delivery_minor,
        "tax_minor": order.tax_minor,
        "total_minor": order.total_minor,
        "refunded_minor": order.refunded_minor,
        "coupon_codes": order.coupon_codes,
        "points_spent": order.points_spent,
        "points_minor": order.points_minor,
        "points_earned": order.points_earned,
        "lines": [_order_line(line) for line in order.lines.all()],
        "payments": [
            {"method": each.method, "amount_minor": each.amount_minor, "state": each.state}
            for each in order.payments.all()
        ],
        "refunds": [
            {"amount_minor": each.amount_minor, "reason": each.reason, "at": each.at.isoformat()}
            for each in order.refunds.all()
        ],
        "steps": [
            {
                "kind": each.kind,
                "at": each.at.isoformat(),
                "reason": each.reason,
                "amount_minor": each.detail.get("amount_minor"),
            }
            for each in order.events.all()
        ],
    }


def _order_line(line: OrderLine) -> dict[str, Any]:
    return {
        "name": line.name,
        "sku": line.sku,
        "quantity": line.quantity,
        "list_minor": line.list_minor,
        "public_minor": line.public_minor,
        "quoted_minor": line.quoted_minor,
        "is_personal": line.is_personal,
        "discount_minor": line.discount_minor,
        "points_minor": line.points_minor,
        "total_minor": line.total_minor,
        "quote_id": None if line.quote_id is None else str(line.quote_id),
    }
