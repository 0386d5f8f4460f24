"""Keep what shoppers want in exchange until their return is here, and send it then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from orders.order.models import Order
from orders.returns.core import HOLD
from orders.returns.models import Return, ReturnExchange
from shop.ground.inventory.core.holds import Claim
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.services import (
    OutOfStock,
    TooManyHeld,
    commit_reservation,
    release_reservation,
    reserve_stock,
)

AT_ONCE = timedelta(minutes=5)


def holder_of(row: Return) -> str:
    """Return under which name the stock of a return is held."""
    return f"return:{row.pk}"


def hold_exchanges(order: Order, row: Return, *, now: datetime) -> None:
    """Keep what is wanted in exchange until `HOLD` from now. Raises OutOfStock, TooManyHeld."""
    until = now + HOLD
    wanted = _list_wanted(row)
    if wanted:
        claim = Claim(str(order.shopper_id or ""), "", short_until=until, is_order=True)
        lines = _stock_lines({one: one.quantity for one in wanted})
        reserve_stock(holder=holder_of(row), lines=lines, expires_at=until, claim=claim)


def hold_longer(order: Order, row: Return, *, now: datetime) -> None:
    """Keep it on after the arrival. What others bought meanwhile is refunded when it is settled."""
    with suppress(OutOfStock, TooManyHeld):
        hold_exchanges(order, row, now=now)


def release_exchanges(row: Return) -> None:
    """Give back what is held for the return."""
    release_reservation(holder=holder_of(row))


def take_exchanges(
    order: Order, row: Return, wanted: Mapping[ReturnExchange, int], *, now: datetime
) -> dict[ReturnExchange, int]:
    """Sell what is wanted out of stock; return how many pieces of each went, fewer if it is gone.

    The caller holds the stock's locks: what is free does not change between two looks.
    """
    taken = {one: pieces for one, pieces in wanted.items() if pieces}
    try:
        _reserve(row, taken, now)
    except OutOfStock as short:
        taken = _cut(taken, short.detail["available"])
        _reserve(row, taken, now)
    if taken:
        commit_reservation(holder=holder_of(row), reference=order.number, now=now)
    return taken


def _cut(
    wanted: Mapping[ReturnExchange, int], available: Mapping[str, int]
) -> dict[ReturnExchange, int]:
    """Return what is left of `wanted`, of the variants that are short."""
    left = {int(variant_id): pieces for variant_id, pieces in available.items()}
    cut: dict[ReturnExchange, int] = {}
    for one, pieces in wanted.items():
        cut[one] = min(pieces, left.get(one.variant_id, pieces))
        if one.variant_id in left:
            left[one.variant_id] -= cut[one]
    return {one: pieces for one, pieces in cut.items() if pieces}


def _reserve(row: Return, pieces: Mapping[ReturnExchange, int], now: datetime) -> None:
    if pieces:
        reserve_stock(holder=holder_of(row), lines=_stock_lines(pieces), expires_at=now + AT_ONCE)
    else:
        release_exchanges(row)


def _list_wanted(row: Return) -> list[ReturnExchange]:
    return list(ReturnExchange.objects.filter(line__item=row))


def _stock_lines(pieces: Mapping[ReturnExchange, int]) -> list[StockLine]:
    summed: Counter[int] = Counter()
    for one, quantity in pieces.items():
        summed[one.variant_id] += quantity
    return [StockLine(variant_id, quantity) for variant_id, quantity in summed.items()]
