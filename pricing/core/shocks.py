"""Randomised price shocks: a few public prices a week move by one rung, by a draw on record.

What chance moved, nothing else did: an elasticity measured on such weeks is causal. At a flat
optimum a move of 5 % costs about 1.5 % of the profit of the goods concerned, so 5 % of them cost
less than 0.1 % of the profit, and everybody still sees one public price.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from pricing.core.arrays import BoolArray, FloatArray, IntArray
from pricing.core.optimum.feasible import Limits
from pricing.core.rungs import price_ladder
from shop.kernel.hashing import stable_draw

# What a week teaches grows with the square of the move: one of 2 % teaches a ninth of what those of
# 6 % do that the claims about `shock_debias` were measured with.
LEAST_MOVE = 0.04


@dataclass(frozen=True, slots=True)
class ShockPlan:
    """Directions of a week's shocks, (m,): -1 or +1 rung, 0 for most; and the probability that this
    very move was drawn (0 where none could be). `chances` (m, 2) are those of a rung down and of
    one up, also of goods that nothing was drawn for."""

    direction: IntArray
    probability: FloatArray
    chances: FloatArray


def shock_rungs(base_minor: IntArray, exponent: int = 2) -> tuple[IntArray, IntArray]:
    """Return the next rungs below and above each price, (m,) each; the price where there is none.

    A rung less than LEAST_MOVE away teaches nothing and is passed over.

    >>> below, above = shock_rungs(np.array([400, 459]))
    >>> below.tolist(), above.tolist()
    ([379, 439], [419, 479])
    """
    ladder = price_ladder(exponent)
    low = np.searchsorted(ladder, base_minor * (1.0 - LEAST_MOVE), side="right") - 1
    high = np.searchsorted(ladder, base_minor * (1.0 + LEAST_MOVE), side="left")
    below = np.where(low >= 0, ladder[np.maximum(low, 0)], base_minor)
    above = np.where(high < len(ladder), ladder[np.minimum(high, len(ladder) - 1)], base_minor)
    return below, above


def find_ways(
    base_minor: IntArray, limits: Limits, may_move: BoolArray, exponent: int = 2
) -> tuple[BoolArray, BoolArray]:
    """Return which prices (m,) chance may move a rung down and which up, of those that `may_move`.

    A rung outside floor, ceiling, step cap or the competitors' band is none.

    >>> from pricing.core.optimum.feasible import example_limits
    >>> limits = example_limits(current=459, floor=300, ceiling=459, step=0.1)
    >>> [way.tolist() for way in find_ways(np.array([459]), limits, np.array([True]))]
    [[True], [False]]
    """
    below, above = shock_rungs(base_minor, exponent)
    lowest = np.maximum(np.maximum(limits.floor_minor, limits.step_low), limits.band_low)
    highest = np.minimum(np.minimum(limits.ceiling_minor, limits.step_high), limits.band_high)
    may_fall: BoolArray = may_move & (below < base_minor) & (below >= lowest)
    may_rise: BoolArray = may_move & (above > base_minor) & (above <= highest)
    return may_fall, may_rise


def plan_shocks(
    *,
    variant_id: IntArray,
    category_id: IntArray,
    may_fall: BoolArray,
    may_rise: BoolArray,
    share: float,
    seed: str,
    week: date,
) -> ShockPlan:
    """Return which variants (m,) move by a rung in `week`, the same for the same arguments.

    Within each category, apart for goods that may go both ways, only down and only up, variants are
    ordered by a draw of (seed, variant, week) and taken at equal distances from a drawn start: each
    has the probability `share`, and the number taken differs from share x n by less than one. Where
    both ways are open, down and up alternate from a drawn beginning, so that a category's mean
    price stays where it was.

    >>> plan = plan_shocks(
    ...     variant_id=np.arange(1, 401), category_id=np.ones(400, dtype=np.int64),
    ...     may_fall=np.ones(400, dtype=np.bool_), may_rise=np.ones(400, dtype=np.bool_),
    ...     share=0.05, seed="us/online", week=date(2026, 11, 23),
    ... )
    >>> np.bincount(plan.direction + 1).tolist(), float(plan.probability[0])
    ([10, 380, 10], 0.025)
    """
    count = len(variant_id)
    direction = np.zeros(count, dtype=np.int64)
    way = may_fall.astype(np.int64) + 2 * may_rise
    chance = np.where(way == 3, 0.5 * share, np.where(way > 0, share, 0.0))
    at = np.flatnonzero((way > 0) & (share > 0.0))
    day = week.isoformat()
    draw = np.array([stable_draw(seed, str(one), day) for one in variant_id[at].tolist()])
    at = at[np.lexsort((variant_id[at], draw, way[at], category_id[at]))]
    group = category_id[at] * 4 + way[at]
    for members in np.split(at, np.flatnonzero(np.diff(group)) + 1) if len(at) else ():
        kind = int(way[members[0]])
        name = (seed, f"{int(category_id[members[0]])}/{kind}", day)
        start, coin = stable_draw(*name, "start"), stable_draw(*name, "coin")
        steps = np.floor(share * np.arange(len(members) + 1) + start)
        taken = members[np.diff(steps) > 0]
        alternate = 1 - 2 * ((np.arange(len(taken)) + int(coin < 0.5)) % 2)
        direction[taken] = np.choose(kind, [0, -1, 1, alternate])
    chances = np.stack([np.where(way & 1, chance, 0.0), np.where(way & 2, chance, 0.0)], axis=1)
    return ShockPlan(direction, chance, chances)
