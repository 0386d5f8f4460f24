"""Returns as JSON."""

from __future__ import annotations

from orders.returns.api import OrderReturns, ReturnView
from shop.doors.api.v1.bodies.prices import Json, moment, money


def returns_body(found: OrderReturns, locale: str) -> Json:
    """Return what may be sent back of an order, and its returns."""
    return {
        "returnable": [
            {
                "line_id": line.line_id,
                "variant_id": line.variant_id,
                "name": line.name,
                "quantity": line.pieces,
                "until": moment(line.until),
                "reason_code": line.reason,
                "message": line.sentence,
                "exchangeable_for": [
                    {"variant_id": one.variant_id, "name": one.name, "available": one.free}
                    for one in line.choices
                ],
            }
            for line in found.lines
        ],
        "returns": [return_body(one, locale) for one in found.returns],
    }


def return_body(one: ReturnView, locale: str) -> Json:
    """Return one return with what is in it."""
    return {
        "number": one.number,
        "state": one.state,
        "state_text": one.state_text,
        "reason": one.reason,
        "shop_pays_postage": one.shop_pays,
        "instruction": one.instruction,
        "requested_at": moment(one.requested_at),
        "refunded": money(one.refunded_minor, one.currency, locale),
        "refusal": one.refusal,
        "is_withdrawable": one.is_withdrawable,
        "lines": [
            {
                "line_id": item.line_id,
                "variant_id": item.variant_id,
                "name": item.name,
                "quantity": item.quantity,
                "accepted_quantity": item.accepted,
                "exchanges": [
                    {
                        "variant_id": each.variant_id,
                        "name": each.name,
                        "quantity": each.quantity,
                        "sent_quantity": each.sent,
                    }
                    for each in item.exchanges
                ],
            }
            for item in one.items
        ],
    }
