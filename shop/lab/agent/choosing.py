"""The most profitable prices under a choice model, and how likely each price point is shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import expit

from pricing.base.core.values import BoolArray, FloatArray, IntArray
from shop.lab.agent.contract import LEAST_PROBABILITY
from shop.lab.agent.ladder import Ladder
from shop.lab.agent.stocking import value_units
from shop.lab.substitutes import best_together


def choose_alone(utility: FloatArray, ladder: Ladder, column: IntArray) -> IntArray:
    """Return the most profitable price point (R,) of items that are offered alone."""
    margin = (ladder.prices - ladder.costs[:, None])[column]
    profit = np.where(ladder.is_feasible[column], margin * expit(utility), -np.inf)
    best: IntArray = profit.argmax(axis=1)
    return best


def choose_together(
    utility: FloatArray, ladder: Ladder, column: IntArray, visit: IntArray
) -> IntArray:
    """Return the price points (R,) of substitutes that together earn most from each visit.

    `visit` says which rows are seen together.
    """
    margin = (ladder.prices - ladder.costs[:, None])[column]
    _, group = np.unique(visit, return_inverse=True)
    best, _ = best_together(np.exp(utility), margin, ladder.is_feasible[column], group)
    return best


def count_stock(
    ladder: Ladder, column: IntArray, utility: FloatArray, expected: tuple[FloatArray, FloatArray]
) -> Ladder:
    """Return the ladder with the worth of units that will be missing added to their costs.

    `utility` (R, k) of rows about the items in `column`; `expected`: visits to come and units left.
    """
    visits, stock = expected
    usual = np.zeros(ladder.prices.shape)
    np.add.at(usual, column, expit(utility))
    usual /= np.maximum(np.bincount(column, minlength=len(stock)), 1)[:, None]
    margin = np.where(ladder.is_feasible, ladder.prices - ladder.costs[:, None], -np.inf)
    worth = value_units(usual, margin, visits, np.where(np.isnan(stock), np.inf, stock))
    return replace(ladder, costs=ladder.costs + worth)


def spread_choices(
    best: IntArray, ladder: Ladder, column: IntArray, nudges: list[tuple[float, IntArray]]
) -> FloatArray:
    """Return the probability of every price point, (R, k): 0 or at least 1 %, rows sum to 1.

    The best price point, but of each nudge (share, targets (m, k)) that share moves to the target
    of the best price point. What would be shown with less than 1 % is not shown at all.
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
    """Return for each price point the next feasible one above, or the last there is, (m, k).

    >>> find_next(np.array([[True, False, True, True]])).tolist()
    [[2, 2, 3, 3]]
    """
    rank = np.cumsum(feasible, axis=1) - 1
    order = np.argsort(~feasible, axis=1, kind="stable")
    last = feasible.sum(axis=1, keepdims=True) - 1
    return np.take_along_axis(order, np.minimum(rank + 1, last), axis=1)


def find_distant(ladder: Ladder, factor: float) -> IntArray:
    """Return for each price point the feasible one nearest to `factor` times its price, (m, k)."""
    wanted = factor * ladder.prices
    distance = np.abs(wanted[:, :, None] - ladder.prices[:, None, :])
    nearest: IntArray = np.where(ladder.is_feasible[:, None, :], distance, np.inf).argmin(axis=2)
    return nearest
