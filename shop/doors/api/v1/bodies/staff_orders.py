"""Orders, parcels and returns as systems of staff get them."""

from __future__ import annotations

from collections.abc import Mapping

from orders.fulfilment.api import ParcelView
from orders.returns.api import ReturnView
from orders.values import OrderView
from shop.doors.api.v1.bodies.orders import contact_body, shipment_body
from shop.doors.api.v1.bodies.prices import Json, moment, money
from shop.doors.api.v1.bodies.returns import return_body


def staff_order_body(
    order: OrderView,
    *,
    left: Mapping[int, int],
    parcels: tuple[ParcelView, ...],
    sees_contact: bool,
    locale: str,
) -> Json:
    """Return an order; `left` are the pieces still to be packed by line."""
    currency = order.currency
    return {
        "number": order.number,
        "status": order.status,
        "status_text": order.status_text,
        "placed_at": moment(order.placed_at),
        "paid_at": moment(order.paid_at),
        "delivery_name": order.delivery_name,
        "total": money(order.total_minor, currency, locale),
        "refunded": money(order.refunded_minor, currency, locale),
        "lines": [
            {
                "line_id": line.line_id,
                "sku": line.sku,
                "name": line.name,
                "quantity": line.quantity,
                "to_pack": left.get(line.line_id, 0),
                "refunded_quantity": line.refunded_quantity,
                "total": money(line.total_minor, currency, locale),
                "refunded": money(line.refunded_minor, currency, locale),
            }
            for line in order.lines
        ],
        "parcels": [shipment_body(parcel) for parcel in parcels],
        "contact": contact_body(order.contact) if sees_contact else None,
    }


def staff_return_body(one: ReturnView, locale: str) -> Json:
    """Return a return with the number of its order."""
    return {"order": one.number.rpartition("-R")[0], **return_body(one, locale)}
