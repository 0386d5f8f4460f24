"""Parcels are packed, handed to a carrier and forgotten with their shopper."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from orders.fulfilment.carriers import DEFAULT_CARRIER, CarrierAdapter, tracking_link
from orders.fulfilment.core import ARRIVED, ParcelState, ParcelView, count_left, count_too_many
from orders.fulfilment.models import Carrier, Shipment, ShipmentLine
from orders.fulfilment.selectors import count_line, get_parcel, goes_to_address, list_left
from orders.fulfilment.services.replacing import (
    lock_parcel,
    move_parcel,
    note_correction,
    note_parcel,
    note_replaced,
    open_parcel,
    refund_replacements,
    settle_fulfilled,
)
from orders.order.api import lock_order_step
from orders.order.core import OrderStatus
from orders.order.models import Order, OrderLine
from orders.payments.api import capture_payment, count_put_back
from orders.refusals import OrderRefused
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.services import return_stock


@transaction.atomic
def pack_order(
    *,
    order_id: int,
    now: datetime,
    lines: Sequence[tuple[int, int]] | None = None,
    by_id: int | None = None,
    language: str = "en",
) -> ParcelView:
    """Pack (line id, pieces), or all that is left, into a new parcel; from then on no cancelling.

    All that is left includes replacements, which keep a parcel of their own. Reserved money is
    taken with the first parcel. What needs no address is ready to collect at once. Raises
    OrderRefused (not_packable, nothing_to_pack, bad_quantity), OrderNotFound.
    """
    order = lock_order_step(order_id)
    planned = list(order.shipments.filter(state=ParcelState.PLANNED)) if lines is None else []
    for replacement in planned:
        _pack_planned(order, replacement, now=now, by_id=by_id)
    if planned and not list_left(order_id):
        return get_parcel(shipment_id=planned[0].pk, language=language)
    if order.status != OrderStatus.PAID or order.channel != "online":
        raise OrderRefused(_("Only a paid online order can be packed."), code="not_packable")
    chosen = _choose(order, lines)
    shipment = open_parcel(order, _packed_state(order), now=now)
    ShipmentLine.objects.bulk_create(
        ShipmentLine(shipment=shipment, line=line, quantity=pieces) for line, pieces in chosen
    )
    for line, pieces in chosen:
        OrderLine.objects.filter(pk=line.pk).update(packed_quantity=F("packed_quantity") + pieces)
    note_parcel(order, shipment, now=now, by_id=by_id)
    capture_payment(order_id=order.pk, now=now)
    return get_parcel(shipment_id=shipment.pk, language=language)


@transaction.atomic
def pack_replacement(
    *, shipment_id: int, now: datetime, by_id: int | None = None, language: str = "en"
) -> ParcelView:
    """Pack what replaces returned pieces. Twice is once. Raises OrderRefused (parcel_left,
    parcel_not_found).
    """
    order, shipment = lock_parcel(shipment_id)
    if shipment.state not in (ParcelState.PACKED, ParcelState.READY):
        _pack_planned(order, shipment, now=now, by_id=by_id)
    return get_parcel(shipment_id=shipment.pk, language=language)


def _pack_planned(order: Order, shipment: Shipment, *, now: datetime, by_id: int | None) -> None:
    move_parcel(shipment, _packed_state(order))
    shipment.packed_at = now
    shipment.save(update_fields=["state", "packed_at"])
    note_parcel(order, shipment, now=now, by_id=by_id)


def _packed_state(order: Order) -> ParcelState:
    return ParcelState.PACKED if goes_to_address(order) else ParcelState.READY


@transaction.atomic
def cancel_parcel(
    *, shipment_id: int, reason: str, now: datetime, by_id: int | None = None, language: str = "en"
) -> ParcelView:
    """Unpack a parcel that was not handed out: its pieces are to be packed again. Twice is once.

    Pieces that were refunded since go back on the shelf, unless the refund put them there. A
    parcel of replacements is not packed again: its pieces go back on the shelf, and what they were
    to replace is refunded. Raises OrderRefused (parcel_left, parcel_not_found).
    """
    order, shipment = lock_parcel(shipment_id)
    if shipment.state != ParcelState.CANCELLED:
        move_parcel(shipment, ParcelState.CANCELLED)
        lines = list(shipment.lines.all())
        shipment.cancelled_at = now
        shipment.save(update_fields=["state", "cancelled_at"])
        note_parcel(order, shipment, now=now, by_id=by_id, reason=reason)
        take_out(order, [each for each in lines if each.variant_id is None], now=now)
        if replacements := [each for each in lines if each.variant_id is not None]:
            refund_replacements(order, shipment, replacements, reason=reason, now=now, by_id=by_id)
    return get_parcel(shipment_id=shipment.pk, language=language)


def _choose(order: Order, wanted: Sequence[tuple[int, int]] | None) -> list[tuple[OrderLine, int]]:
    """Return what to pack, checked against what is left. Raises OrderRefused."""
    known = {line.pk: line for line in order.lines.order_by("position")}
    left = {pk: count_left(count_line(line)) for pk, line in known.items()}
    if wanted is None:
        wanted = [(pk, pieces) for pk, pieces in left.items() if pieces]
    wanted = [(pk, pieces) for pk, pieces in wanted if pieces]
    if not wanted:
        raise OrderRefused(_("Nothing is left to pack."), code="nothing_to_pack")
    for line_id, pieces in wanted:
        if not 0 < pieces <= left.get(line_id, 0):
            raise OrderRefused(
                _("That many are not left to pack."), code="bad_quantity", left=left.get(line_id, 0)
            )
    if len({line_id for line_id, _ in wanted}) != len(wanted):
        raise OrderRefused(_("Enter each line once."), code="bad_quantity")
    return [(known[line_id], pieces) for line_id, pieces in wanted]


def take_out(order: Order, lines: Sequence[ShipmentLine], *, now: datetime) -> None:
    """Count what is taken out as not packed; put back what was refunded and is not back yet.

    The caller holds the order's step lock.
    """
    products = []
    for each in lines:
        line = OrderLine.objects.get(pk=each.line_id)
        if (pieces := _count_to_put_back(line, each.quantity)) and line.variant_id:
            products.append(StockLine(line.variant_id, pieces))
        OrderLine.objects.filter(pk=line.pk).update(
            packed_quantity=F("packed_quantity") - each.quantity
        )
    if products:
        return_stock(lines=products, reference=order.number, now=now)


def _count_to_put_back(line: OrderLine, taken_out: int) -> int:
    """Return how many of the pieces that are taken out go back on the shelf.

    While packed pieces are refunded, none is left to pack. So the refunds since the line was
    packed last tell which of them are back already; these count first, that no piece is put back
    twice.
    """
    before = count_line(line)
    too_many = count_too_many(before)
    if not too_many:
        return 0
    packed = ShipmentLine.objects.filter(line=line, variant=None)
    since = packed.aggregate(last=Max("shipment__packed_at"))["last"]
    back = count_put_back(line_id=line.pk, since=since)
    still = count_too_many(replace(before, packed=before.packed - taken_out))
    return max(0, too_many - back) - max(0, still - back)


def forget_tracking(order_ids: Collection[int]) -> None:
    """Empty the tracking numbers of these orders: a carrier tells by them where somebody lives."""
    rows = Shipment.objects.filter(order_id__in=order_ids)
    rows.update(tracking_number="", tracking_url="")


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
