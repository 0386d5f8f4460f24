"""Substitutes on price ladders: priced together, by one who knows the truth too, and chosen from.

In the lab because only simulated markets and the agent for outside markets ask it.
"""

from __future__ import annotations

import numpy as np

from pricing.base.core.values import BoolArray, FloatArray, IntArray

MOST_ROUNDS = 60
# Profit per visit of real shops is far above this; a round that gains less has arrived.
_SETTLED = 1e-12


def best_together(
    odds: FloatArray, margin: FloatArray, is_open: BoolArray, group: IntArray
) -> tuple[IntArray, FloatArray]:
    """Return the exactly best price point (n,) of rows seen together, and the profit of each group.

    Multinomial logit with an outside option of odds 1: row j on price point k is taken with
    probability v_jk / (1 + sum v). Profit is a ratio of two sums over rows, so by Dinkelbach ("On
    nonlinear fractional programming", Management Science 1967) it is enough to solve max_k (m_jk -
    t) v_jk, each row on its own, for t = the profit of the price points before: after a few rounds
    these are the best of all combinations.

    `odds`, `margin` and `is_open` are (n, K), `group` (n,) numbers from 0. A price point that is
    not open is never chosen where another one is.

    >>> odds, margin = np.array([[0.5, 0.3], [0.4, 0.1]]), np.array([[1.0, 2.0], [1.0, 2.0]])
    >>> rung, profit = best_together(odds, margin, odds > 0.0, np.array([0, 0]))
    >>> rung.tolist(), profit.round(4).tolist()
    ([1, 0], [0.5882])
    """
    weight = np.where(is_open, odds, 0.0)
    worth = np.where(is_open, np.where(is_open, margin, 0.0) * weight, -np.inf)
    rows, count = np.arange(len(group)), int(group.max(initial=-1)) + 1
    profit, price_point = np.zeros(count), np.zeros(len(group), dtype=np.int64)
    for _ in range(MOST_ROUNDS):
        price_point = (worth - profit[group, None] * weight).argmax(axis=1)
        earned = np.maximum(worth[rows, price_point], -1e300) * is_open[rows, price_point]
        better = np.bincount(group, earned, count)
        better = better / (1.0 + np.bincount(group, weight[rows, price_point], count))
        # The first guess, 0, may lie above what can be earned; from then on profits only grow.
        is_settled = bool((np.abs(better - profit) <= _SETTLED).all())
        profit = better
        if is_settled:
            break
    return price_point, profit


def choose_best_price_points(
    attraction: FloatArray, margin: FloatArray, offered: BoolArray | None = None
) -> tuple[IntArray, FloatArray]:
    """Return the exactly best price point of every item shown together, and the expected profit.

    `attraction`, `margin`: (n, m, K), `offered`: (n, m). Returns (n, m) price points and (n,)
    profits; where nothing is offered the profit is 0. A price point whose attraction is NaN is
    never chosen.

    >>> attraction = np.array([[[0.5, 0.3], [0.4, 0.1]]])
    >>> margin = np.array([[[1.0, 2.0], [1.0, 2.0]]])
    >>> rungs, profit = choose_best_price_points(attraction, margin)
    >>> rungs.tolist(), round(float(profit[0]), 4)
    ([[1, 0]], 0.5882)
    """
    visits, items, width = attraction.shape
    odds = attraction if offered is None else attraction * offered[:, :, None]
    rows = (odds.reshape(-1, width), np.broadcast_to(margin, odds.shape).reshape(-1, width))
    is_open = np.isfinite(attraction).reshape(-1, width)
    price_points, profit = best_together(*rows, is_open, np.repeat(np.arange(visits), items))
    return price_points.reshape(visits, items), profit


def draw_choices(attraction: FloatArray, luck: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return the chosen column of each row (-1 = none) and the choice probabilities.

    `attraction` (n, m) of multinomial logit, 0 where not offered; `luck` (n,) uniform in [0, 1).

    >>> chosen, chance = draw_choices(np.array([[1.0, 2.0], [1.0, 2.0]]), np.array([0.3, 0.9]))
    >>> chosen.tolist(), chance[0].tolist()
    ([1, -1], [0.25, 0.5])
    """
    chance = attraction / (1.0 + attraction.sum(axis=1, keepdims=True))
    reached = luck[:, None] < np.cumsum(chance, axis=1)
    return np.where(reached.any(axis=1), reached.argmax(axis=1), -1), chance
