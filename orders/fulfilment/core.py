"""Parcels without a database: their states, what is left to pack and what to pick."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class ParcelState(StrEnum):
    """Where a parcel is; the values of `Shipment.state`."""

    PLANNED = "planned"
    PACKED = "packed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    READY = "ready"
    COLLECTED = "collected"
    CANCELLED = "cancelled"


# A parcel with replacements is planned when returned pieces were accepted; all others begin packed.
NEXT_STATES: dict[ParcelState, frozenset[ParcelState]] = {
    ParcelState.PLANNED: frozenset({ParcelState.PACKED, ParcelState.READY, ParcelState.CANCELLED}),
    ParcelState.PACKED: frozenset({ParcelState.SHIPPED, ParcelState.CANCELLED}),
    ParcelState.SHIPPED: frozenset({ParcelState.DELIVERED}),
    ParcelState.READY: frozenset({ParcelState.COLLECTED, ParcelState.CANCELLED}),
    ParcelState.DELIVERED: frozenset(),
    ParcelState.COLLECTED: frozenset(),
    ParcelState.CANCELLED: frozenset(),
}
ARRIVED = frozenset({ParcelState.DELIVERED, ParcelState.COLLECTED})
# Left the house or waiting at the counter: from here on pieces can be sent back.
HANDED_OUT = ARRIVED | {ParcelState.SHIPPED}


# The shopper waits for it, whatever the order itself says.
UNDER_WAY = frozenset(
    {ParcelState.PLANNED, ParcelState.PACKED, ParcelState.READY, ParcelState.SHIPPED}
)


@dataclass(frozen=True, slots=True)
class LineCount:
    """What happened to the pieces of an order line.

    `taken_back` are those of `refunded` that came back through a return: they were packed. All
    other refunded pieces are never sent.
    """

    bought: int
    refunded: int
    taken_back: int
    packed: int


def count_left(line: LineCount) -> int:
    """Return how many pieces are still to be packed.

    >>> count_left(LineCount(bought=3, refunded=1, taken_back=0, packed=1))
    1
    >>> count_left(LineCount(bought=3, refunded=1, taken_back=1, packed=2))
    1
    >>> count_left(LineCount(bought=1, refunded=1, taken_back=0, packed=1))
    0
    """
    return max(0, line.bought - (line.refunded - line.taken_back) - line.packed)


def count_too_many(line: LineCount) -> int:
    """Return how many packed pieces were refunded since: they must not leave the house.

    >>> count_too_many(LineCount(bought=3, refunded=1, taken_back=0, packed=3))
    1
    """
    return max(0, line.packed - (line.bought - (line.refunded - line.taken_back)))


def may_become(state: str, wanted: ParcelState) -> bool:
    """Return whether a parcel in `state` may step to `wanted`.

    >>> may_become("packed", ParcelState.CANCELLED), may_become("shipped", ParcelState.CANCELLED)
    (True, False)
    """
    return wanted in NEXT_STATES[ParcelState(state)]


def is_all_there(lines: Iterable[LineCount], states: Iterable[str]) -> bool:
    """Return whether everything that was not refunded has arrived.

    >>> one = LineCount(bought=1, refunded=0, taken_back=0, packed=1)
    >>> is_all_there([one], ["shipped"]), is_all_there([one], ["delivered", "cancelled"])
    (False, True)
    """
    sent = [ParcelState(state) for state in states if state != ParcelState.CANCELLED]
    return (
        bool(sent)
        and all(state in ARRIVED for state in sent)
        and all(count_left(line) == 0 for line in lines)
    )


@dataclass(frozen=True, slots=True)
class ParcelItem:
    """Pieces of an order line in a parcel, or to take from the shelf for one."""

    line_id: int
    sku: str
    name: str
    quantity: int


@dataclass(frozen=True, slots=True)
class ParcelView:
    """A parcel as pages, e-mails and the API show it; `state_text` in the reader's language."""

    shipment_id: int
    position: int
    state: str
    state_text: str
    carrier: str
    tracking_number: str
    tracking_url: str
    packed_at: datetime
    shipped_at: datetime | None
    delivered_at: datetime | None
    items: tuple[ParcelItem, ...]
    is_replacement: bool = False


@dataclass(frozen=True, slots=True)
class Replacement:
    """Pieces of a variant that go out in place of pieces of an order line that came back."""

    line_id: int
    variant_id: int
    sku: str
    name: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Progress:
    """The parcels of an order, and in one sentence what happens next; "" when nothing does.

    `arrives` is the first and the last day on which a paid order was to arrive or can be collected.
    """

    parcels: tuple[ParcelView, ...]
    next_step: str
    arrives: tuple[date, date] | None = None


@dataclass(frozen=True, slots=True)
class PickOrder:
    """What is left to pack of an order.

    `delivery` is the name of the way it is delivered. With `may_part` pieces of it may be packed
    and the rest wait; replacements go whole.
    """

    order_id: int
    number: str
    delivery: str
    minimum_age: int | None
    lines: tuple[ParcelItem, ...]
    may_part: bool = False


@dataclass(frozen=True, slots=True)
class PickList:
    """What to pick: by order, and summed by product in order of SKU."""

    orders: tuple[PickOrder, ...]
    totals: tuple[ParcelItem, ...]


def sum_picks(orders: Sequence[PickOrder]) -> tuple[ParcelItem, ...]:
    """Return the pieces of all orders by SKU.

    >>> one = PickOrder(1, "A", "", None, (ParcelItem(7, "GOUDA", "Gouda", 2),))
    >>> two = PickOrder(2, "B", "", None, (ParcelItem(8, "GOUDA", "Gouda", 1),))
    >>> [(line.sku, line.quantity) for line in sum_picks([one, two])]
    [('GOUDA', 3)]
    """
    summed: dict[str, ParcelItem] = {}
    for line in (line for order in orders for line in order.lines):
        known = summed.get(line.sku)
        pieces = line.quantity + (known.quantity if known else 0)
        summed[line.sku] = ParcelItem(0, line.sku, line.name, pieces)
    return tuple(summed[sku] for sku in sorted(summed))
