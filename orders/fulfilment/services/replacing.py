"""Lost parcels are sent again, and what each step of a parcel writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, Max
from django.utils.translation import gettext as _

from orders.fulfilment.core import ParcelState, Replacement, is_all_there, may_become
from orders.fulfilment.models import Shipment, ShipmentLine
from orders.fulfilment.selectors import count_line
from orders.order.api import describe_step, lock_order_step, move_order, note
from orders.order.core import OrderStatus
from orders.order.models import Order, OrderLine
from orders.payments.api import RefundPart, refund_order
from orders.refusals import OrderRefused
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.services import return_stock
from shop.ground.outbox.services import write_fact

# The kind of a step in the timeline, by the state it leads to.
KINDS = {
    ParcelState.PLANNED: "parcel_planned",
    ParcelState.PACKED: "parcel_packed",
    ParcelState.SHIPPED: "parcel_shipped",
    ParcelState.DELIVERED: "parcel_delivered",
    ParcelState.READY: "parcel_ready",
    ParcelState.COLLECTED: "parcel_collected",
    ParcelState.CANCELLED: "parcel_cancelled",
}


def lock_parcel(shipment_id: int) -> tuple[Order, Shipment]:
    """Take the step lock of the parcel's order and read both fresh. Raises OrderRefused."""
    order_id = Shipment.objects.filter(pk=shipment_id).values_list("order_id", flat=True).first()
    if order_id is None:
        raise OrderRefused(_("There is no such parcel."), code="parcel_not_found")
    order = lock_order_step(order_id)
    return order, Shipment.objects.select_related("carrier").get(pk=shipment_id)


def move_parcel(shipment: Shipment, state: ParcelState) -> None:
    """Set the parcel's state; the caller saves it. Raises OrderRefused (parcel_left)."""
    if not may_become(shipment.state, state):
        raise OrderRefused(
            _("This parcel is past that step. Reload the page to see where it is."),
            code="parcel_left",
        )
    shipment.state = state


def open_parcel(order: Order, state: ParcelState, *, now: datetime) -> Shipment:
    """Begin the next parcel of the order, without anything in it."""
    last = order.shipments.aggregate(last=Max("position"))["last"] or 0
    return Shipment.objects.create(order=order, position=last + 1, state=state, packed_at=now)


def note_parcel(
    order: Order, shipment: Shipment, *, now: datetime, by_id: int | None, reason: str = ""
) -> None:
    """Write the parcel's step into the order's timeline, and tell the other rooms."""
    kind = KINDS[ParcelState(shipment.state)]
    note(order, kind, now=now, detail=_describe(shipment, by_id), reason=reason)
    payload = {"order_id": order.pk, "shipment_id": shipment.pk, "state": shipment.state}
    write_fact(kind="ParcelMoved", payload=payload, occurred_at=now)


def note_correction(order: Order, shipment: Shipment, *, now: datetime, by_id: int | None) -> None:
    """Write into the timeline that carrier or number were corrected; the parcel does not move."""
    note(order, "parcel_corrected", now=now, detail=_describe(shipment, by_id))


def _describe(shipment: Shipment, by_id: int | None) -> dict[str, Any]:
    return {"shipment_id": shipment.pk, "parcel": shipment.position} | describe_step(by_id=by_id)


def settle_fulfilled(order: Order, *, now: datetime) -> bool:
    """Make a paid order fulfilled once all that was not refunded has arrived; return whether."""
    if order.status != OrderStatus.PAID:
        return False
    counts = [count_line(line) for line in order.lines.all()]
    states = order.shipments.values_list("state", flat=True)
    if not is_all_there(counts, states):
        return False
    move_order(order, OrderStatus.FULFILLED, now=now)
    write_fact(kind="OrderFulfilled", payload={"order_id": order.pk}, occurred_at=now)
    return True


# A replacement stands in a parcel of the same order, on the order line of what it replaces:
# price, tax, points and limits stay those of the purchase. See docs/adr/0166.


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
