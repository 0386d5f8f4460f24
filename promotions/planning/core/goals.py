"""What a campaign reached of its goal: the goal's figure with an interval, or why there is none.

Sales and margin are read from the holdout alone: only chance tells what a campaign caused. New
shoppers, cleared stock and shoppers who come back are counts of what happened; a share of a few
says little, so it has Wilson's interval.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

# Results of a campaign: lift over its holdout with an interval, and reconciled sums.

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


class Reading(StrEnum):
    """What can be said of a goal."""

    REACHED = "reached"
    MISSED = "missed"
    OPEN = "open"  # the interval holds zero
    COUNTED = "counted"  # a count, of which nobody said how much is enough
    TOO_EARLY = "too_early"
    NO_HOLDOUT = "no_holdout"
    NOTHING = "nothing"  # nobody used it yet


@dataclass(frozen=True, slots=True)
class GoalFigure:
    """The figure of a goal with the bounds of its 95 % interval; NaN where there is none.

    `of` is what a share is a share of.
    """

    reading: Reading
    estimate: float = math.nan
    low: float = math.nan
    high: float = math.nan
    hits: int = 0
    of: int = 0


def read_lift(lift: HoldoutLift | None, *, uses: int) -> GoalFigure:
    """Return what a campaign brought in all, over what the held-out shoppers bought: minor units.

    >>> found = read_lift(HoldoutLift(10, 5, 30.0, 20.0, 10.0, 2.0, 18.0), uses=9)
    >>> found.reading, found.estimate, found.low, found.high
    (<Reading.REACHED: 'reached'>, 100.0, 20.0, 180.0)
    >>> read_lift(None, uses=9).reading
    <Reading.NO_HOLDOUT: 'no_holdout'>
    """
    if lift is None:
        return GoalFigure(Reading.NO_HOLDOUT)
    if not uses or math.isnan(lift.low):
        return GoalFigure(Reading.NOTHING if not uses else Reading.TOO_EARLY)
    reading = Reading.OPEN
    if lift.is_clear:
        reading = Reading.REACHED if lift.difference > 0 else Reading.MISSED
    n = lift.treated
    return GoalFigure(reading, lift.difference * n, lift.low * n, lift.high * n, of=n)


def read_share(hits: int, of: int, *, waiting: int = 0) -> GoalFigure:
    """Return a share with Wilson's interval; `waiting` are those of whom it is too early to tell.

    >>> found = read_share(5, 20)
    >>> round(found.estimate, 2), round(found.low, 3), round(found.high, 3)
    (0.25, 0.112, 0.469)
    >>> read_share(0, 0).reading, read_share(0, 0, waiting=3).reading
    (<Reading.NOTHING: 'nothing'>, <Reading.TOO_EARLY: 'too_early'>)
    """
    if not of:
        return GoalFigure(Reading.TOO_EARLY if waiting else Reading.NOTHING)
    share, z2 = hits / of, Z95**2
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = Z95 * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return GoalFigure(Reading.COUNTED, share, low, high, hits=hits, of=of)


def read_stock(sold: int, left: int) -> GoalFigure:
    """Return the share of the pieces that are gone, of those sold and those still there.

    >>> read_stock(30, 70).estimate
    0.3
    """
    if not sold:
        return GoalFigure(Reading.NOTHING, of=left)
    share = sold / (sold + left)
    reading = Reading.REACHED if not left else Reading.COUNTED
    return GoalFigure(reading, share, share, share, hits=sold, of=sold + left)
