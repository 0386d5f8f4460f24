"""The most profitable rungs under a choice model, and how likely each rung is shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from pricing.core.arrays import BoolArray, FloatArray, IntArray
from pricing.core.learning.contract import LEAST_PROBABILITY
from pricing.core.learning.ladder import Ladder
from pricing.core.learning.layout import Layout, transform_price
from pricing.core.learning.remembered import USUAL, WAITING
from pricing.core.learning.rows import LIMIT

SWEEPS = 4
MOST_REMEMBERED = 0.6  # of a price's effect; more is not believed, or no price would be too high
LESS, MORE = 1.4, 2.0  # log slopes further below or above the usual one are not believed


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """The rungs of a context as the model sees them."""

    slot: IntArray  # (m,) the model's number of each item
    log_ratio: FloatArray  # (m, k) log of price / reference price
    excess: FloatArray  # (m, k) log excess over the competitor's price
    felt: FloatArray  # (R, k, 3) what each row will feel at each rung if it stays
    season: FloatArray  # (SEASONS,)


def find_utilities(
    z: FloatArray, column: IntArray, offer: Offer, acting: FloatArray, layout: Layout
) -> FloatArray:
    """Return utilities (R, k) at the rungs of R rows about items in `column`, never rising.

    `z` (R, width), `acting` (m, d) the coefficients of every item.
    """
    width, tail = layout.width, acting[0]
    own = acting[offer.slot[column]]
    level = np.einsum("rw,rw->r", z, own[:, :width]) + offer.season @ tail[layout.season]
    slope = np.einsum("rw,rw->r", z, own[:, width : 2 * width])
    usual = float(acting[:, width].mean())
    slope = np.exp(np.clip(slope, usual - LESS, usual + MORE))
    height = transform_price(offer.log_ratio, tail[layout.power])
    effect = offer.excess * tail[layout.excess]
    felt = np.maximum(tail[layout.felt], 0.0)
    felt[USUAL] = min(felt[USUAL], MOST_REMEMBERED)
    heights = height[column] + offer.felt[..., :WAITING] @ felt[:WAITING]
    utility = level[:, None] - slope[:, None] * heights + effect[column]
    utility -= felt[WAITING] * offer.felt[..., WAITING]
    utility = np.minimum.accumulate(utility, axis=1)
    return np.clip(utility, -LIMIT, LIMIT, out=utility)


def choose_alone(utility: FloatArray, ladder: Ladder, column: IntArray) -> IntArray:
    """Return the most profitable rung (R,) of items that are offered alone."""
    margin = (ladder.prices - ladder.costs[:, None])[column]
    profit = np.where(ladder.is_feasible[column], margin * expit(utility), -np.inf)
    best: IntArray = profit.argmax(axis=1)
    return best


def choose_together(
    utility: FloatArray, ladder: Ladder, column: IntArray, visit: IntArray
) -> IntArray:
    """Return the rungs (R,) of substitutes that together earn most from each visit.

    Profit is sum(margin * odds) / (1 + sum(odds)), a ratio: for a guessed profit t the best rungs
    maximise (margin - t) * odds, each item on its own, and t becomes the profit of those rungs
    (Dinkelbach, "On nonlinear fractional programming", Management Science 1967). `visit` says
    which rows are seen together.
    """
    odds = np.exp(utility)
    margin = (ladder.prices - ladder.costs[:, None])[column]
    feasible = ladder.is_feasible[column]
    _, group = np.unique(visit, return_inverse=True)
    rows, profit = np.arange(len(visit)), np.zeros(int(group.max(initial=-1)) + 1)
    best = np.zeros(len(visit), dtype=np.int64)
    for _ in range(SWEEPS):
        value = np.where(feasible, (margin - profit[group, None]) * odds, -np.inf)
        best = value.argmax(axis=1)
        mine = odds[rows, best]
        earned = np.bincount(group, mine * margin[rows, best])
        profit = earned / (1.0 + np.bincount(group, mine))
    return best


def spread_choices(
    best: IntArray, ladder: Ladder, column: IntArray, nudges: list[tuple[float, IntArray]]
) -> FloatArray:
    """Return the probability of every rung, (R, k): 0 or at least 1 %, rows sum to 1.

    The best rung, but of each nudge (share, targets (m, k)) that share moves to the target of the
    best rung. What would be shown with less than 1 % is not shown at all.
    """
    rows = np.arange(len(best))
    share = np.zeros((len(best), ladder.prices.shape[1]))
    share[rows, best] = 1.0 - sum(part for part, _ in nudges)
    for part, targets in nudges:
        share[rows, targets[column, best]] += part
    share[share < LEAST_PROBABILITY] = 0.0
    probability: FloatArray = share / share.sum(axis=1, keepdims=True)
    return probability


def find_next(feasible: BoolArray) -> IntArray:
    """Return for each rung the next feasible one above, or the last there is, (m, k).

    >>> find_next(np.array([[True, False, True, True]])).tolist()
    [[2, 2, 3, 3]]
    """
    rank = np.cumsum(feasible, axis=1) - 1
    order = np.argsort(~feasible, axis=1, kind="stable")
    last = feasible.sum(axis=1, keepdims=True) - 1
    return np.take_along_axis(order, np.minimum(rank + 1, last), axis=1)


def find_distant(ladder: Ladder, factor: float) -> IntArray:
    """Return for each rung the feasible one nearest to `factor` times its price, (m, k)."""
    wanted = factor * ladder.prices
    distance = np.abs(wanted[:, :, None] - ladder.prices[:, None, :])
    nearest: IntArray = np.where(ladder.is_feasible[:, None, :], distance, np.inf).argmin(axis=2)
    return nearest
