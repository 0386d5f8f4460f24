"""Read parcels and what is left to pack."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from orders.fulfilment.core import (
    ARRIVED,
    HANDED_OUT,
    UNDER_WAY,
    LineCount,
    ParcelItem,
    ParcelState,
    ParcelView,
    PickList,
    PickOrder,
    Progress,
    count_left,
    sum_picks,
)
from orders.fulfilment.models import Carrier, Shipment, ShipmentLine
from orders.order.core import OrderStatus
from orders.order.models import Order, OrderEvent, OrderLine
from orders.terms.api import find_method, write_address
from orders.terms.models import DeliveryMethod
from orders.values import OrderView
from shop.ground.kernel.translation import is_chinese

PARCEL_STATES = {
    ParcelState.PLANNED: gettext_lazy("Replacement being prepared"),
    ParcelState.PACKED: gettext_lazy("Packed"),
    ParcelState.SHIPPED: gettext_lazy("Parcel on its way"),
    ParcelState.DELIVERED: gettext_lazy("Parcel delivered"),
    ParcelState.READY: gettext_lazy("Ready to collect"),
    ParcelState.COLLECTED: gettext_lazy("Collected"),
    ParcelState.CANCELLED: gettext_lazy("Parcel canceled"),
}
# The same sum as `core.count_left`, in the database.
LEFT_TO_PACK = (
    F("quantity") - F("refunded_quantity") + F("taken_back_quantity") - F("packed_quantity")
)


def count_line(line: OrderLine) -> LineCount:
    """Return what happened to the pieces of a line."""
    return LineCount(
        bought=line.quantity,
        refunded=line.refunded_quantity,
        taken_back=line.taken_back_quantity,
        packed=line.packed_quantity,
    )


def list_parcels(
    *, order_id: int, language: str = "en", with_cancelled: bool = False
) -> tuple[ParcelView, ...]:
    """Return the parcels of an order, first packed first. Two queries."""
    rows = Shipment.objects.filter(order_id=order_id).select_related("carrier")
    if not with_cancelled:
        rows = rows.exclude(state=ParcelState.CANCELLED)
    rows = rows.prefetch_related("lines__line").order_by("position")
    with override(language):
        return tuple(_view_parcel(row) for row in rows)


def get_parcel(*, shipment_id: int, language: str = "en") -> ParcelView:
    """Return one parcel. Two queries."""
    row = Shipment.objects.select_related("carrier").prefetch_related("lines__line")
    with override(language):
        return _view_parcel(row.get(pk=shipment_id))


def show_progress(*, shown: OrderView, language: str = "en") -> Progress:
    """Return how far an order has come, as its shopper reads it. Three queries, four while paid;
    none while it waits for its payment: there is no parcel yet.
    """
    if shown.status == OrderStatus.AWAITING_PAYMENT:
        with override(language):
            return Progress((), _("We pack your order as soon as it is paid."), None)
    order = Order.objects.get(pk=shown.order_id)
    parcels = list_parcels(order_id=order.pk, language=language)
    with override(language):
        said = _say_next(order, {parcel.state for parcel in parcels})
    return Progress(parcels, said, _find_arrival(order))


def _find_arrival(order: Order) -> tuple[date, date] | None:
    """Return the days that the way of delivery promised, counted from the order."""
    day = localdate(order.placed_at, ZoneInfo(settings.BUSINESS_TIME_ZONE))
    method = find_method(market_code=order.market_code, code=order.delivery_method, day=day)
    if method is None or order.status != OrderStatus.PAID:
        return None
    return day + timedelta(days=method.min_days), day + timedelta(days=method.max_days)


def _say_next(order: Order, states: set[str]) -> str:
    if order.status != OrderStatus.PAID and not states & UNDER_WAY:
        return _say_end(order)
    if ParcelState.READY in states:
        return _("Your order is ready: please collect it.")
    if ParcelState.PACKED in states:
        return _("A parcel is packed. We send you an e-mail when it leaves.")
    if ParcelState.PLANNED in states:
        return _(
            "We are packing your replacement."
            " You get an e-mail as soon as it leaves us or can be collected."
        )
    if ParcelState.SHIPPED in states:
        return _("A parcel is on its way to you.")
    if not goes_to_address(order):
        return _("We are packing your order. We send you an e-mail when you can collect it.")
    return _("We are packing your order. We send you an e-mail when it leaves.")


def _say_end(order: Order) -> str:
    """Return what is left to happen once nothing is under way any more."""
    if order.status == OrderStatus.CANCELLED:
        if order.paid_at is None:
            return _("Your order is canceled. Nothing was charged.")
        return _("Your order is canceled. Your bank shows what you paid within a few days.")
    if order.status == OrderStatus.EXPIRED:
        return _("Your order was not paid in time, so we canceled it. Nothing was charged.")
    if order.status == OrderStatus.REFUNDED:
        return _("We paid back all of it. Your bank shows it within a few days.")
    if order.channel == "store":
        return ""
    return _("All of it has arrived. If something is wrong, you can send it back.")


def list_left(order_id: int) -> list[tuple[OrderLine, int]]:
    """Return the lines of an order with the pieces that are still to be packed. One query."""
    lines = OrderLine.objects.filter(order_id=order_id).order_by("position")
    return [(line, left) for line in lines if (left := count_left(count_line(line)))]


def orders_to_pack() -> QuerySet[Order]:
    """Return the paid online orders with pieces left to pack, and those that wait for something in
    place of returned pieces. Of what simulated visits ordered nothing is packed.
    """
    lines = OrderLine.objects.filter(order=F("order")).annotate(left=LEFT_TO_PACK)
    waiting = lines.filter(
        left__gt=0,
        order__status=OrderStatus.PAID,
        order__channel="online",
        order__is_simulated=False,
    ).values("order_id")
    planned = Shipment.objects.filter(state=ParcelState.PLANNED).values("order_id")
    return Order.objects.filter(Q(pk__in=waiting) | Q(pk__in=planned))


def orders_with_parcels(*states: ParcelState) -> QuerySet[Order]:
    """Return the orders with a parcel in one of `states`."""
    under_way = Shipment.objects.filter(state__in=states).values("order_id")
    return Order.objects.filter(pk__in=under_way)


def make_pick_list(order_ids: Collection[int], *, language: str = "en") -> PickList:
    """Return what to pick for these orders; those with nothing left are passed over.

    Five queries.
    """
    orders = orders_to_pack().filter(pk__in=order_ids).order_by("placed_at", "pk")
    lines: dict[int, list[ParcelItem]] = {}
    for row in OrderLine.objects.filter(order__in=orders).order_by("position"):
        if left := count_left(count_line(row)):
            pick = ParcelItem(row.pk, row.sku, row.name, left)
            lines.setdefault(row.order_id, []).append(pick)
    may_part = set(lines)
    planned = ShipmentLine.objects.filter(
        shipment__order__in=orders, shipment__state=ParcelState.PLANNED
    )
    for each in planned.select_related("shipment").order_by("shipment", "pk"):
        pick = ParcelItem(each.line_id, each.sku, each.name, each.quantity)
        lines.setdefault(each.shipment.order_id, []).append(pick)
    ages = _read_ages(order_ids)
    ways = _name_deliveries(language)
    picks = tuple(
        PickOrder(
            order_id=order.pk,
            number=order.number,
            delivery=ways.get((order.market_code, order.delivery_method), order.delivery_method),
            minimum_age=ages.get(order.pk),
            lines=tuple(lines.get(order.pk, ())),
            may_part=order.pk in may_part and order.status == OrderStatus.PAID,
        )
        for order in orders
    )
    return PickList(picks, sum_picks(picks))


def goes_to_address(order: Order) -> bool:
    """Return whether the order is sent; else it is collected. One query.

    A method that was deleted since is judged by whether the order has an address.
    """
    methods = DeliveryMethod.objects.filter(
        market_code=order.market_code, code=order.delivery_method
    )
    known = methods.values_list("needs_address", flat=True).first()
    return bool(order.address_line1) if known is None else known


def name_delivery(order: Order, language: str) -> str:
    """Return the name of the way it is delivered; its code where it is gone. One query."""
    ways = DeliveryMethod.objects.filter(market_code=order.market_code, code=order.delivery_method)
    way = ways.first()
    if way is None:
        return order.delivery_method
    return way.name_zh or way.name if is_chinese(language) else way.name


def say_address(order: Order) -> str:
    """Return whom and where to a parcel goes, in one line; "" where it is collected."""
    return ", ".join(write_address(order))


def list_carriers() -> list[Carrier]:
    """Return the carriers that can be chosen. One query."""
    return list(Carrier.objects.filter(is_active=True))


def awaits_delivery(*, shopper_id: int, variant_ids: Collection[int]) -> bool:
    """Return whether all that the shopper bought of the variants is still to arrive; False for who
    bought none. One query."""
    arrived = Shipment.objects.filter(order=OuterRef("order"), state__in=ARRIVED)
    lines = OrderLine.objects.filter(
        order__shopper_id=shopper_id,
        variant_id__in=variant_ids,
        order__status__in=[OrderStatus.PAID, OrderStatus.FULFILLED, OrderStatus.REFUNDED],
    )
    has_it = [
        channel != "online" or status == OrderStatus.FULFILLED or has_arrived
        for channel, status, has_arrived in lines.values_list(
            "order__channel", "order__status", Exists(arrived)
        )
    ]
    return bool(has_it) and not any(has_it)


def list_handed_out(order_ids: Iterable[int]) -> QuerySet[ShipmentLine]:
    """Return what is in parcels that left the house or were collected, with parcel and line."""
    lines = ShipmentLine.objects.filter(
        shipment__order_id__in=order_ids, shipment__state__in=HANDED_OUT
    )
    return lines.select_related("shipment", "line").order_by("shipment__position")


def _read_ages(order_ids: Collection[int]) -> dict[int, int]:
    placed = OrderEvent.objects.filter(
        Q(detail__minimum_age__isnull=False), order_id__in=order_ids, kind="placed"
    )
    return {event.order_id: int(event.detail["minimum_age"]) for event in placed}


def _name_deliveries(language: str) -> dict[tuple[str, str], str]:
    """Return the names of all ways of delivery by market and code. One query."""
    in_chinese = is_chinese(language)
    return {
        (way.market_code, way.code): (in_chinese and way.name_zh) or way.name
        for way in DeliveryMethod.objects.all()
    }


def _view_parcel(row: Shipment) -> ParcelView:
    return ParcelView(
        shipment_id=row.pk,
        position=row.position,
        state=row.state,
        state_text=str(PARCEL_STATES[ParcelState(row.state)]),
        carrier=row.carrier.name if row.carrier else "",
        tracking_number=row.tracking_number,
        tracking_url=row.tracking_url,
        packed_at=row.packed_at,
        shipped_at=row.shipped_at,
        delivered_at=row.delivered_at,
        items=tuple(
            ParcelItem(
                each.line_id, each.sku or each.line.sku, each.name or each.line.name, each.quantity
            )
            for each in row.lines.all()
        ),
        is_replacement=any(each.variant_id is not None for each in row.lines.all()),
    )


def count_packed() -> int:
    """Return how many packed parcels wait to be shipped. One query."""
    return Shipment.objects.filter(state=ParcelState.PACKED).count()


def list_packed(
    order_ids: Collection[int], *, limit: int, language: str = "en"
) -> list[tuple[str, ParcelView, str]]:
    """Return the packed parcels of these orders, or of all, with the order's number and where the
    parcel goes; oldest first.

    Two queries.
    """
    rows = Shipment.objects.filter(state=ParcelState.PACKED)
    if order_ids:
        rows = rows.filter(order_id__in=order_ids)
    rows = rows.select_related("order", "carrier").prefetch_related("lines__line")
    with override(language):
        return [
            (row.order.number, _view_parcel(row), say_address(row.order))
            for row in rows.order_by("packed_at", "pk")[:limit]
        ]


def export_parcels(order_ids: Collection[int]) -> list[dict[str, Any]]:
    """Return the parcels of these orders as JSON values. Two queries."""
    rows = Shipment.objects.filter(order_id__in=order_ids).select_related("order")
    return [
        {
            "order": row.order.number,
            "parcel": row.position,
            "state": row.state,
            "tracking_number": row.tracking_number,
            "packed_at": row.packed_at.isoformat(),
            "shipped_at": row.shipped_at and row.shipped_at.isoformat(),
            "delivered_at": row.delivered_at and row.delivered_at.isoformat(),
            "pieces": sum(line.quantity for line in row.lines.all()),
        }
        for row in rows.prefetch_related("lines").order_by("packed_at", "pk")
    ]
