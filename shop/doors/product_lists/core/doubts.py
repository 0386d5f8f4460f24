"""New list prices that are probably not meant: below cost or floor, or far from the present one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

BELOW_COST, BELOW_FLOOR, FAR_FROM_PRESENT = "below_cost", "below_floor", "far_from_present"
DOUBTS = (BELOW_COST, BELOW_FLOOR, FAR_FROM_PRESENT)


def count_doubtful(counts: Mapping[str, Any]) -> int:
    """Return how many doubtful prices the counts of an import hold."""
    return sum(int(counts.get(code, 0)) for code in DOUBTS)


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
