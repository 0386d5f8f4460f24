"""Send something in place of pieces that came back; money does not move, unless it cannot be sent.

A replacement stands in a parcel of the same order, on the order line of what it replaces: price,
tax, points and limits stay those of the purchase. See docs/adr/0166.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import F

from orders.fulfilment.core import ParcelState, Replacement
from orders.fulfilment.models import Shipment, ShipmentLine
from orders.fulfilment.services.steps import note_parcel, open_parcel
from orders.order.models import Order, OrderLine
from orders.payments.api import RefundPart, refund_order
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.services import return_stock


def plan_replacements(
    order: Order, pieces: Sequence[Replacement], *, now: datetime, by_id: int | None = None
) -> None:
    """Plan one parcel with what goes out in place of returned pieces.

    The caller holds the order's step lock and has taken the pieces out of stock. Until the parcel
    leaves, the pieces it replaces cannot be refunded.
    """
    shipment = open_parcel(order, ParcelState.PLANNED, now=now)
    ShipmentLine.objects.bulk_create(
        ShipmentLine(
            shipment=shipment,
            line_id=each.line_id,
            variant_id=each.variant_id,
            sku=each.sku,
            name=each.name,
            quantity=each.quantity,
        )
        for each in pieces
    )
    _count_replacing((each.line_id, each.quantity) for each in pieces)
    note_parcel(order, shipment, now=now, by_id=by_id)


def note_replaced(shipment: Shipment) -> None:
    """Count what replaces no longer as waiting: the parcel leaves the house."""
    _count_replacing(
        (each.line_id, -each.quantity)
        for each in shipment.lines.all()
        if each.variant_id is not None
    )


def refund_replacements(
    order: Order,
    shipment: Shipment,
    lines: Sequence[ShipmentLine],
    *,
    reason: str,
    now: datetime,
    by_id: int | None,
) -> None:
    """Refund what cannot be replaced; the replacements go back on the shelf."""
    _count_replacing((each.line_id, -each.quantity) for each in lines)
    return_stock(
        lines=[StockLine(each.variant_id, each.quantity) for each in lines if each.variant_id],
        reference=order.number,
        now=now,
    )
    pieces: Counter[int] = Counter()
    for each in lines:
        pieces[each.line_id] += each.quantity
    refund_order(
        order_id=order.pk,
        parts=[RefundPart(line_id, quantity) for line_id, quantity in pieces.items()],
        reason=reason,
        idempotency_key=f"replacement-{shipment.pk}",
        now=now,
        by_id=by_id,
    )
    for line_id, quantity in pieces.items():
        OrderLine.objects.filter(pk=line_id).update(
            taken_back_quantity=F("taken_back_quantity") + quantity
        )


def _count_replacing(pieces: Iterable[tuple[int, int]]) -> None:
    summed: Counter[int] = Counter()
    for line_id, quantity in pieces:
        summed[line_id] += quantity
    for line_id in sorted(summed):
        OrderLine.objects.filter(pk=line_id).update(
            replacing_quantity=F("replacing_quantity") + summed[line_id]
        )
