"""Steps common to all parcel services: lock, state, timeline, state of the order."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from orders.fulfilment.core import ParcelState, is_all_there, may_become
from orders.fulfilment.models import Shipment
from orders.fulfilment.selectors import count_line
from orders.order.api import describe_step, lock_order_step, move_order, note
from orders.order.core.state import OrderStatus
from orders.order.models import Order
from orders.refusals import OrderRefused
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
