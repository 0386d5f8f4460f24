"""Results of a campaign: lift over its holdout with an interval, and reconciled sums."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class HoldoutLift:
    """Sales of a shopper who got the campaign less those of one held out, minor units.

    `low` and `high` bound the difference at 95 % (Welch, normal); NaN where an arm has too few
    shoppers for that.
    """

    treated: int
    held_out: int
    treated_mean: float
    held_out_mean: float
    difference: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Return whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


def compare_holdout(
    treated: NDArray[np.float64], held_out: NDArray[np.float64], *, least: int = 2
) -> HoldoutLift:
    """Return the difference of the two arms' mean sales with its interval.

    se = sqrt(var(treated) / n + var(held out) / m); one look, after the campaign: who looks every
    day uses an experiment. Without bounds where an arm has fewer than `least` shoppers (two or
    more): the sum of a few of them is far from normal.

    >>> found = compare_holdout(np.array([10.0, 12.0, 11.0]), np.array([5.0, 7.0, 6.0]))
    >>> found.difference, round(found.low, 2), found.is_clear
    (5.0, 3.4, True)
    """
    n, m = len(treated), len(held_out)
    mean, base = (float(arm.mean()) if len(arm) else math.nan for arm in (treated, held_out))
    width = math.nan
    if min(n, m) >= least:
        variance = float(treated.var(ddof=1)) / n + float(held_out.var(ddof=1)) / m
        width = Z95 * math.sqrt(variance)
    gap = mean - base
    return HoldoutLift(n, m, mean, base, gap, gap - width, gap + width)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Whether what was counted as used is what stands on orders, order by order.

    On orders: on their lines, gifts included, and off their delivery. `differing` maps an order's
    number to (counted, on the order); imported uses have no order.
    """

    counted_minor: int
    on_orders_minor: int
    differing: Mapping[str, tuple[int, int]]

    @property
    def is_closed(self) -> bool:
        """Return whether every order ties to the cent."""
        return not self.differing


def reconcile(counted: Mapping[str, int], on_orders: Mapping[str, int]) -> Reconciliation:
    """Compare what each order counted as used with what it was lowered by.

    >>> reconcile({"A": 100, "B": 50}, {"A": 100, "B": 49}).differing
    {'B': (50, 49)}
    """
    numbers = sorted(counted.keys() | on_orders.keys())
    pairs = {number: (counted.get(number, 0), on_orders.get(number, 0)) for number in numbers}
    return Reconciliation(
        counted_minor=sum(counted.values()),
        on_orders_minor=sum(on_orders.values()),
        differing={number: pair for number, pair in pairs.items() if pair[0] != pair[1]},
    )
