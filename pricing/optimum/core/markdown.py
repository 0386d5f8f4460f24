"""Markdown: which price each week when stock must go and prices may only fall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, pdtr

from pricing.base.core.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class MarkdownPlan:
    """Expected revenue and the rung to choose, by week, stock left and the rung of the week before.

    `value` (T + 1, S + 1, K) and `rung` (T, S + 1, K); rungs descend, so rung j >= k always.
    """

    value: FloatArray
    rung: IntArray


def plan_markdown(prices: FloatArray, rates: FloatArray, stock: int) -> MarkdownPlan:
    """Return the best markdown policy for `stock` units over T weeks, by backward induction.

    `prices` (K,) descend; week t sells Poisson(`rates`[t, k]) units at price k, at most what is
    left; what is left at the end is worth nothing. The price may only fall:

        V_t(s, k) = max_{j >= k} E[p_j min(D, s) + V_{t+1}(s - min(D, s), j)],  D ~ Poisson.

    Solve it again each day with new estimates (certainty equivalence). Time T K S^2. Sources:
    Gallego and van Ryzin 1994; Feng and Xiao 2000 for prices that may only go down.

    >>> plan = plan_markdown(np.array([4.0, 2.0]), np.array([[0.5, 3.0], [0.5, 3.0]]), 1)
    >>> plan.rung[:, 1, 0].tolist(), round(float(plan.value[0, 1, 0]), 4)
    ([0, 1], 2.7265)
    """
    if (np.diff(prices) > 0).any():
        raise ValueError("prices must descend")
    weeks, width = rates.shape
    left = np.arange(stock + 1)
    value = np.empty((weeks + 1, stock + 1, width))
    rung = np.empty((weeks, stock + 1, width), dtype=np.int64)
    value[weeks] = 0.0
    for week in range(weeks - 1, -1, -1):
        worth = np.empty((stock + 1, width))
        for at in range(width):
            chance = _sales(float(rates[week, at]), stock)
            sold = left[:, None] - left[None, :]
            gain = prices[at] * sold + value[week + 1][None, :, at]
            worth[:, at] = (chance * np.where(chance > 0.0, gain, 0.0)).sum(axis=1)
        value[week], rung[week] = _best_from(worth)
    return MarkdownPlan(value, rung)


def _sales(rate: float, stock: int) -> FloatArray:
    """Return P(stock left = j | stock s), (S + 1, S + 1): Poisson demand cut at what is there."""
    left = np.arange(stock + 1)
    sold = left[:, None] - left[None, :]
    safe = np.maximum(sold, 0)
    log_rate = np.log(rate) if rate > 0.0 else -np.inf
    with np.errstate(invalid="ignore"):
        log_chance = np.where(safe == 0, 0.0, safe * log_rate) - rate - gammaln(safe + 1.0)
    chance = np.where(sold >= 0, np.exp(log_chance), 0.0)
    # Nothing left: demand of the whole stock or more.
    chance[:, 0] = np.where(left > 0, 1.0 - pdtr(left - 1.0, rate), 1.0)
    return chance


def _best_from(worth: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return max over j >= k of worth (S + 1, K) and where it is, the highest price of equals."""
    width = worth.shape[1]
    best, at = worth.copy(), np.tile(np.arange(width), (len(worth), 1))
    for k in range(width - 2, -1, -1):
        is_later = best[:, k + 1] > worth[:, k]
        best[:, k] = np.where(is_later, best[:, k + 1], worth[:, k])
        at[:, k] = np.where(is_later, at[:, k + 1], k)
    return best, at
