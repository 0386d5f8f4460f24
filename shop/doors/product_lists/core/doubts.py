"""New list prices that are probably not meant: below cost or floor, or far from the present one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from shop.doors.product_lists.core.cells import Value
from shop.doors.product_lists.core.columns import is_price

type PriceLook = tuple[dict[str, tuple[Value, Value]], list[str]]

BELOW_COST, BELOW_FLOOR, FAR_FROM_PRESENT = "below_cost", "below_floor", "far_from_present"
DOUBTS = (BELOW_COST, BELOW_FLOOR, FAR_FROM_PRESENT)
# Among the counts of a check: prices changed since.
STALE = "stale"


def count_doubtful(counts: Mapping[str, Any]) -> int:
    """Return how many doubtful prices the counts of an import hold."""
    return sum(int(counts.get(code, 0)) for code in DOUBTS)


def look_at_prices(
    before: Mapping[str, Value], after: Mapping[str, Value], codes: Collection[str]
) -> PriceLook:
    """Return what a check shows of a row's prices: each now and new, and what speaks against them.

    >>> look_at_prices({"price": 178}, {"price": 71, "stock": 4}, ["below_cost", "size"])
    ({'price': (178, 71)}, ['below_cost'])
    """
    prices = {name: (before.get(name), after[name]) for name in after if is_price(name)}
    return prices, sorted(code for code in codes if code in DOUBTS)


def doubt_price(price: int, *, present: int | None, cost: int | None, floor: int | None) -> str:
    """Return the first of DOUBTS that a new price raises, "" for none. Amounts in minor units.

    A price is far from the present one if it differs by more than half of it. Unknown amounts
    (None) raise no doubt.

    >>> doubt_price(99, present=200, cost=100, floor=102)
    'below_cost'
    >>> doubt_price(101, present=200, cost=100, floor=102)
    'below_floor'
    >>> [doubt_price(one, present=200, cost=None, floor=None) for one in (99, 100, 300, 301)]
    ['far_from_present', '', '', 'far_from_present']
    """
    if cost is not None and price < cost:
        return BELOW_COST
    if floor is not None and price < floor:
        return BELOW_FLOOR
    if present is not None and 2 * abs(price - present) > present:
        return FAR_FROM_PRESENT
    return ""
