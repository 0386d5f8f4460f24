"""Markdown: which price each week when stock must go and prices may only fall."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, pdtr

from pricing.base.core.price_points import price_ladder
from pricing.base.core.values import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class MarkdownPlan:
    """Expected revenue and the price point to choose, by week, stock left and the price point of
    the week before.

    `value` (T + 1, S + 1, K) and `rung` (T, S + 1, K); price points descend, so price point j >= k
    always.
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
    price_point = np.empty((weeks, stock + 1, width), dtype=np.int64)
    value[weeks] = 0.0
    for week in range(weeks - 1, -1, -1):
        worth = np.empty((stock + 1, width))
        for at in range(width):
            chance = _sales(float(rates[week, at]), stock)
            sold = left[:, None] - left[None, :]
            gain = prices[at] * sold + value[week + 1][None, :, at]
            worth[:, at] = (chance * np.where(chance > 0.0, gain, 0.0)).sum(axis=1)
        value[week], price_point[week] = _best_from(worth)
    return MarkdownPlan(value, price_point)


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


# The plan takes time in proportion to periods, price points and the square of stock: more of either
# is counted in larger lots.
MOST_STOCK = 120
MOST_PERIODS = 28
MOST_RUNGS = 24


def clearance_price(
    current_minor: int,
    lowest_minor: int,
    *,
    days: float,
    stock: int,
    daily_units: float,
    elasticity: float,
    exponent: int = 2,
) -> int:
    """Return today's price of `stock` units that must be gone in `days`, in minor units.

    The first step of `plan_markdown` from the price now down to `lowest_minor` over charm-ended
    price points: prices only fall, demand is Poisson with mean daily_units (p / now)^-e a day, what
    is left is worth nothing. Solved again with every book, that is the certainty-equivalent policy.
    Where demand is not known the price stays.

    >>> clearance_price(400, 200, days=3.0, stock=30, daily_units=2.0, elasticity=2.5)
    209
    >>> clearance_price(400, 200, days=30.0, stock=3, daily_units=2.0, elasticity=2.5)
    400
    """
    numbers = (days, daily_units, elasticity)
    if not all(np.isfinite(numbers)) or min(days, daily_units, stock) <= 0:
        return current_minor
    prices = _rungs(current_minor, lowest_minor, exponent)
    lots = max(1, -(-stock // MOST_STOCK))
    periods = int(np.clip(np.ceil(days), 1, MOST_PERIODS))
    rates = daily_units * (days / periods) * (prices / current_minor) ** -max(elasticity, 0.0)
    plan = plan_markdown(prices, np.tile(rates / lots, (periods, 1)), -(-stock // lots))
    return int(prices[plan.rung[0, -(-stock // lots), 0]])


def _rungs(current_minor: int, lowest_minor: int, exponent: int) -> FloatArray:
    """Return the price now and the price points below it down to the lowest, descending."""
    ladder = price_ladder(exponent)
    below = ladder[(ladder < current_minor) & (ladder >= lowest_minor)][::-1]
    if len(below) > MOST_RUNGS:
        below = below[np.linspace(0, len(below) - 1, MOST_RUNGS).astype(np.int64)]
    return np.concatenate([[current_minor], below]).astype(np.float64)
