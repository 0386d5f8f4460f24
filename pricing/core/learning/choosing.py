"""The best rung under each posterior draw, and the share of draws behind every rung."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from pricing.core.arrays import FloatArray, IntArray
from pricing.core.learning.ladder import Ladder

LIMIT = 30.0
SWEEPS = 3
LEAST_SLOPE = 0.25  # of the average slope: less sensitivity than that is not believed


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Utility of R (visit, item) rows as a function of price, for each of S draws."""

    level: FloatArray  # (R, S)
    slope: FloatArray  # (R, S)
    curve: FloatArray  # (R, S)

    def at(self, ratio: FloatArray) -> FloatArray:
        """Return utilities (R, S, k) at k ascending prices / reference, never rising in price."""
        x = (ratio - 1.0)[:, None, :]
        bend = np.log(ratio)[:, None, :] - x
        utility = self.level[..., None] - self.slope[..., None] * x + self.curve[..., None] * bend
        utility = np.minimum.accumulate(utility, axis=2)
        return np.clip(utility, -LIMIT, LIMIT, out=utility)


def draw_curves(z: FloatArray, item: IntArray, season: FloatArray, draws: FloatArray) -> Curves:
    """Return the curves of R rows with columns z (R, width) under draws (S, m, d).

    Slopes are held above LEAST_SLOPE of the average slope, since demand falls in price.
    """
    width = z.shape[1]
    shape = (len(item), len(draws))
    level, slope, curve = np.empty(shape), np.empty(shape), np.empty(shape)
    by_item = np.argsort(item, kind="stable")
    present, starts = np.unique(item[by_item], return_index=True)
    for which, begin, end in zip(present, starts, [*starts[1:], len(item)], strict=True):
        rows = by_item[begin:end]
        drawn = draws[:, which, :].T
        level[rows] = z[rows] @ drawn[:width] + season[rows] @ drawn[2 * width + 1 :]
        slope[rows] = z[rows] @ drawn[width : 2 * width]
        curve[rows] = drawn[2 * width]
    least = LEAST_SLOPE * max(float(draws[:, :, width].mean()), 1.0)
    return Curves(level, np.maximum(slope, least), curve)


def choose_alone(
    curves: Curves, ladder: Ladder, item: IntArray, ratio: FloatArray, rest: float
) -> IntArray:
    """Return the most profitable rung (R, S) of items that are offered alone.

    Draws carry a part of the posterior variance; `rest` is the remaining variance in units of the
    drawn one. It is averaged out by E[expit(u)] ~ expit(u / sqrt(1 + pi v / 8)) (MacKay 1992).
    """
    utility = curves.at(ratio)
    spread = utility.var(axis=1, keepdims=True) * rest
    chance = expit(utility / np.sqrt(1.0 + np.pi / 8.0 * spread))
    margin = ladder.prices[item] - ladder.costs[item][:, None]
    profit = np.where(ladder.is_feasible[item][:, None, :], margin[:, None, :] * chance, -np.inf)
    best: IntArray = profit.argmax(axis=2)
    return best


def choose_together(
    curves: Curves, ladder: Ladder, item: IntArray, ratio: FloatArray, places: IntArray
) -> IntArray:
    """Return the rungs (R, S) of substitutes by coordinate ascent on the visit's profit.

    `places` (V, K) holds the rows of each visit, -1 where it has fewer items. Each item in turn
    takes the rung that maximises sum(margin * odds) / (1 + sum(odds)), the others fixed.
    """
    odds = np.exp(curves.at(ratio))
    margin = (ladder.prices[item] - ladder.costs[item][:, None])[:, None, :]
    feasible = ladder.is_feasible[item][:, None, :]
    best = np.where(feasible, margin * odds / (1.0 + odds), -np.inf).argmax(axis=2)
    is_there = places >= 0
    mine = np.take_along_axis(odds, best[..., None], 2)[..., 0]
    gain = (
        mine * np.take_along_axis(np.broadcast_to(margin, odds.shape), best[..., None], 2)[..., 0]
    )
    total = 1.0 + np.where(is_there[..., None], mine[places], 0.0).sum(axis=1)
    profit = np.where(is_there[..., None], gain[places], 0.0).sum(axis=1)
    for _ in range(SWEEPS):
        changed = False
        for column in range(places.shape[1]):
            at = np.flatnonzero(is_there[:, column])
            row = places[at, column]
            other, rest = total[at] - mine[row], profit[at] - gain[row]
            earned = margin[row] * odds[row]
            value = (rest[..., None] + earned) / (other[..., None] + odds[row])
            pick = np.where(feasible[row], value, -np.inf).argmax(axis=2)
            changed = changed or bool((pick != best[row]).any())
            best[row] = pick
            mine[row] = np.take_along_axis(odds[row], pick[..., None], 2)[..., 0]
            gain[row] = np.take_along_axis(earned, pick[..., None], 2)[..., 0]
            total[at], profit[at] = other + mine[row], rest + gain[row]
        if not changed:
            break
    result: IntArray = best
    return result


def spread_choices(best: IntArray, ladder: Ladder, item: IntArray, shocks: float) -> FloatArray:
    """Return the probability of every rung, (R, k): 0 or at least 1 %, rows sum to 1.

    The share of draws that chose the rung; `shocks` of it moves to the two feasible neighbours.
    What would be shown with less than 1 % is not shown at all.
    """
    rows, width = len(best), ladder.prices.shape[1]
    flat = best + width * np.arange(rows)[:, None]
    share = np.bincount(flat.ravel(), minlength=rows * width).reshape(rows, width) / best.shape[1]
    feasible = ladder.is_feasible[item]
    if shocks > 0:
        moved = (1.0 - shocks) * share
        for neighbour in _neighbours(feasible):
            moved += 0.5 * shocks * _move(share, neighbour)
        share = moved
    share[share < 0.01] = 0.0
    probability: FloatArray = share / share.sum(axis=1, keepdims=True)
    return probability


def _neighbours(feasible: np.ndarray) -> list[IntArray]:
    width = feasible.shape[1]
    steps = np.arange(width)
    up = np.full(feasible.shape, -1, dtype=np.int64)
    down = up.copy()
    last = np.full(len(feasible), -1)
    for step in steps:
        down[:, step] = np.where(last >= 0, last, step)
        last = np.where(feasible[:, step], step, last)
    last = np.full(len(feasible), -1)
    for step in steps[::-1]:
        up[:, step] = np.where(last >= 0, last, step)
        last = np.where(feasible[:, step], step, last)
    return [down, up]


def _move(share: FloatArray, target: IntArray) -> FloatArray:
    rows, width = share.shape
    flat = target + width * np.arange(rows)[:, None]
    return np.bincount(flat.ravel(), share.ravel(), minlength=rows * width).reshape(rows, width)
