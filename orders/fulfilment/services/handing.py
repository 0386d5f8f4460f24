"""Hand parcels out: to a carrier, to the shopper's door, over the counter."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from orders.fulfilment.carriers import DEFAULT_CARRIER, CarrierAdapter, tracking_link
from orders.fulfilment.core import (
    ARRIVED,
    ParcelState,
    ParcelView,
    count_too_many,
)
from orders.fulfilment.models import Carrier, Shipment
from orders.fulfilment.selectors import count_line, get_parcel
from orders.fulfilment.services.replacing import note_replaced
from orders.fulfilment.services.steps import (
    lock_parcel,
    move_parcel,
    note_correction,
    note_parcel,
    settle_fulfilled,
)
from orders.order.api import lock_order_step
from orders.order.core.state import OrderStatus
from orders.order.models import Order
from orders.refusals import OrderRefused


@transaction.atomic
def ship_parcel(
    *,
    shipment_id: int,
    now: datetime,
    carrier_id: int | None = None,
    tracking_number: str = "",
    by_id: int | None = None,
    adapter: CarrierAdapter = DEFAULT_CARRIER,
    language: str = "en",
) -> ParcelView:
    """Give a packed parcel to a carrier; the shopper gets an e-mail with the tracking link.

    Without a typed number the carrier's `adapter` is asked for one. A parcel may travel without a
    carrier (the shop's own van). Again with the same is once; with another carrier or number it is
    a correction, which the timeline keeps and no e-mail tells.
    Raises OrderRefused (parcel_left, refunded_inside, unknown_carrier, parcel_not_found).
    """
    order, shipment = lock_parcel(shipment_id)
    carrier = _find_carrier(carrier_id, kept=shipment.carrier)
    before = (shipment.carrier_id, shipment.tracking_number)
    is_new = shipment.state != ParcelState.SHIPPED
    if is_new:
        move_parcel(shipment, ParcelState.SHIPPED)
        _require_sold(order, shipment)
        note_replaced(shipment)
        shipment.shipped_at = now
    number = tracking_number.strip() or _announce(adapter, order, shipment)
    shipment.carrier = carrier
    shipment.tracking_number = number
    shipment.tracking_url = tracking_link(carrier.tracking_pattern if carrier else "", number)
    shipment.save()
    if is_new:
        note_parcel(order, shipment, now=now, by_id=by_id)
    elif (shipment.carrier_id, number) != before:
        note_correction(order, shipment, now=now, by_id=by_id)
    return get_parcel(shipment_id=shipment.pk, language=language)


@transaction.atomic
def hand_out_parcel(
    *, shipment_id: int, now: datetime, by_id: int | None = None, language: str = "en"
) -> ParcelView:
    """Note that a shipped parcel was delivered, or one that was ready was collected.

    With the last one the order is fulfilled. Twice is once. Raises OrderRefused (parcel_left,
    refunded_inside, parcel_not_found).
    """
    order, shipment = lock_parcel(shipment_id)
    if shipment.state not in ARRIVED:
        is_pickup = shipment.state == ParcelState.READY
        move_parcel(shipment, ParcelState.COLLECTED if is_pickup else ParcelState.DELIVERED)
        if is_pickup:
            _require_sold(order, shipment)
            note_replaced(shipment)
        shipment.delivered_at = now
        shipment.save(update_fields=["state", "delivered_at"])
        note_parcel(order, shipment, now=now, by_id=by_id)
        settle_fulfilled(order, now=now)
    return get_parcel(shipment_id=shipment.pk, language=language)


@transaction.atomic
def settle_after_refund(*, order_id: int, now: datetime) -> bool:
    """Make an order fulfilled when a refund took away the rest of what was to be sent."""
    return settle_fulfilled(lock_order_step(order_id), now=now)


def _require_sold(order: Order, shipment: Shipment) -> None:
    """Raise OrderRefused if pieces of the parcel were refunded since: they must not leave.

    What replaces returned pieces cannot have been refunded while it waits.
    """
    inside = order.lines.filter(parcels__shipment=shipment, parcels__variant=None)
    too_many = [line.name for line in inside if count_too_many(count_line(line))]
    if too_many or order.status not in (OrderStatus.PAID, OrderStatus.FULFILLED):
        raise OrderRefused(
            _(
                "Pieces in parcel %(parcel)s were refunded: it must not leave."
                " Unpack it; what was not refunded is to be packed again."
            )
            % {"parcel": str(shipment)},
            code="refunded_inside",
            names=too_many,
        )


def _find_carrier(carrier_id: int | None, *, kept: Carrier | None) -> Carrier | None:
    """Return the carrier, which is in use or has the parcel. Raises OrderRefused."""
    if carrier_id is None:
        return None
    if kept is not None and kept.pk == carrier_id:
        return kept
    carrier = Carrier.objects.filter(pk=carrier_id, is_active=True).first()
    if carrier is None:
        raise OrderRefused(_("There is no such carrier."), code="unknown_carrier")
    return carrier


def _announce(adapter: CarrierAdapter, order: Order, shipment: Shipment) -> str:
    label = adapter.announce(
        reference=str(shipment), country=order.country, postcode=order.postcode
    )
    return "" if label is None else label.tracking_number
