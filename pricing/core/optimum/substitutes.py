"""Substitutes on price ladders: a whole category priced at once under multinomial choice."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from pricing.core.arrays import FloatArray, IntArray
from pricing.core.optimum.closed_forms import mnl_own_slopes_prices

SWEEPS = 5
MAX_DINKELBACH = 60


@dataclass(frozen=True, slots=True)
class RungOdds:
    """Profit odds and choice odds of each item's rungs, (..., n, K); -inf profit closes a rung.

    With x_ik = 1 for the rung chosen, expected profit of a visit is
    sum x_ik gain_ik / (1 + sum x_ik odds_ik); odds = exp(a - b p), gain = (p - c) odds.
    """

    gain: FloatArray
    odds: FloatArray


def rung_odds(
    price: FloatArray, cost: FloatArray, intercept: FloatArray, slope: FloatArray
) -> RungOdds:
    """Return the odds of ladders `price` (..., n, K), NaN-padded; cost, a and b are (..., n).

    >>> found = rung_odds(np.array([[2.0, np.nan]]), *(np.ones(1) for _ in range(3)))
    >>> found.gain.round(4).tolist()
    [[0.3679, -inf]]
    """
    is_rung = np.isfinite(price)
    safe = np.where(is_rung, price, 0.0)
    odds = np.exp(intercept[..., None] - slope[..., None] * safe)
    gain = np.where(is_rung, (safe - cost[..., None]) * odds, -np.inf)
    return RungOdds(gain, np.where(is_rung, odds, 0.0))


def profit_of(odds: RungOdds, rung: IntArray) -> FloatArray:
    """Return the expected profit of a visit when each item stands on `rung` (..., n)."""
    at = rung[..., None]
    gain = np.take_along_axis(odds.gain, at, axis=-1)[..., 0].sum(axis=-1)
    total = 1.0 + np.take_along_axis(odds.odds, at, axis=-1)[..., 0].sum(axis=-1)
    profit: FloatArray = gain / total
    return profit


def climb_rungs(
    price: FloatArray,
    cost: FloatArray,
    intercept: FloatArray,
    slope: FloatArray,
    *,
    sweeps: int = SWEEPS,
) -> IntArray:
    """Return a rung for each item, (..., n), by coordinate ascent over the ladders (..., n, K).

    Starts on the rungs nearest to the continuous optimum and lets one item after the other move to
    its best rung, 3 to 5 times round; profit never falls. Leading axes are categories.

    >>> price = np.array([[2.0, 2.5, 3.0], [3.0, 3.5, 4.0]])
    >>> climb_rungs(price, np.array([1.0, 2.0]), np.full(2, 2.0), np.ones(2)).tolist()
    [1, 1]
    """
    odds = rung_odds(price, cost, intercept, slope)
    ideal = mnl_own_slopes_prices(cost, intercept, slope)
    away = np.where(np.isfinite(price), np.abs(price - ideal[..., None]), np.inf)
    rung: IntArray = np.argmin(away, axis=-1)
    for _ in range(sweeps):
        before = rung.copy()
        for item in range(rung.shape[-1]):
            at = rung[..., None]
            gain = np.take_along_axis(odds.gain, at, axis=-1)[..., 0]
            weight = np.take_along_axis(odds.odds, at, axis=-1)[..., 0]
            others = gain.sum(axis=-1) - gain[..., item]
            total = 1.0 + weight.sum(axis=-1) - weight[..., item]
            profit = (others[..., None] + odds.gain[..., item, :]) / (
                total[..., None] + odds.odds[..., item, :]
            )
            rung[..., item] = np.argmax(profit, axis=-1)
        if (rung == before).all():
            break
    return rung


def best_rungs(
    price: FloatArray, cost: FloatArray, intercept: FloatArray, slope: FloatArray
) -> IntArray:
    """Return the optimal rung of each item, (..., n): exact for any size, not only a local optimum.

    Profit is a ratio of two sums over items, so by Dinkelbach 1967 it is enough to solve
    max_x sum_i (gain - lambda odds)_ix for lambda = the profit so far, item by item, until lambda
    stands; it rises faster than linearly.

    >>> price = np.array([[2.0, 2.5, 3.0], [3.0, 3.5, 4.0]])
    >>> best_rungs(price, np.array([1.0, 2.0]), np.full(2, 2.0), np.ones(2)).tolist()
    [1, 1]
    """
    odds = rung_odds(price, cost, intercept, slope)
    rung: IntArray = np.argmax(odds.gain, axis=-1)
    worth = profit_of(odds, rung)
    for _ in range(MAX_DINKELBACH):
        rung = np.argmax(odds.gain - worth[..., None, None] * odds.odds, axis=-1)
        better = profit_of(odds, rung)
        if (better <= worth).all():
            break
        worth = np.maximum(worth, better)
    return rung


def enumerate_rungs(
    price: FloatArray, cost: FloatArray, intercept: FloatArray, slope: FloatArray
) -> tuple[IntArray, float]:
    """Return the best rungs (n,) of one small category and their profit, by trying all K^n.

    >>> price = np.array([[2.0, 2.5, 3.0], [3.0, 3.5, 4.0]])
    >>> rung, profit = enumerate_rungs(price, np.array([1.0, 2.0]), np.full(2, 2.0), np.ones(2))
    >>> rung.tolist(), round(profit, 4)
    ([1, 1], 0.6802)
    """
    odds = rung_odds(price, cost, intercept, slope)
    n, width = price.shape
    tried = np.array(list(product(range(width), repeat=n)), dtype=np.int64).reshape(-1, n)
    gain = odds.gain[np.arange(n), tried].sum(axis=1)
    profit = gain / (1.0 + odds.odds[np.arange(n), tried].sum(axis=1))
    at = int(np.argmax(profit))
    return tried[at], float(profit[at])
