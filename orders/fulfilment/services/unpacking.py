"""Take pieces out of a parcel again: what was refunded since goes back on the shelf."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db.models import F, Max

from orders.fulfilment.core import count_too_many
from orders.fulfilment.models import ShipmentLine
from orders.fulfilment.selectors import count_line
from orders.models import Order, OrderLine
from orders.payments.api import count_put_back
from shop.inventory.core.values import StockLine
from shop.inventory.services import return_stock


def take_out(order: Order, lines: Sequence[ShipmentLine], *, now: datetime) -> None:
    """Count what is taken out as not packed; put back what was refunded and is not back yet.

    The caller holds the order's step lock.
    """
    goods = []
    for each in lines:
        line = OrderLine.objects.get(pk=each.line_id)
        if (pieces := _count_to_put_back(line, each.quantity)) and line.variant_id:
            goods.append(StockLine(line.variant_id, pieces))
        OrderLine.objects.filter(pk=line.pk).update(
            packed_quantity=F("packed_quantity") - each.quantity
        )
    if goods:
        return_stock(lines=goods, reference=order.number, now=now)


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
