"""What a check notes of doubtful new list prices, and compares before they are written."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pricing.publishing.core.values import DOUBTS
from shop.doors.product_lists.core.cells import Value
from shop.doors.product_lists.core.columns import is_price

type PriceLook = tuple[dict[str, tuple[Value, Value]], list[str]]

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
