"""Clearance: today's price of the markdown plan, on a price point, never higher."""

from __future__ import annotations

import numpy as np

from pricing.base.core.arrays import FloatArray
from pricing.base.core.price_points import price_ladder
from pricing.optimum.core.markdown import plan_markdown

# The plan takes time in proportion to periods, rungs and the square of stock: more of either is
# counted in larger lots.
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
    rungs: prices only fall, demand is Poisson with mean daily_units (p / now)^-e a day, what is
    left is worth nothing. Solved again with every book, that is the certainty-equivalent policy.
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
    """Return the price now and the rungs below it down to the lowest, descending."""
    ladder = price_ladder(exponent)
    below = ladder[(ladder < current_minor) & (ladder >= lowest_minor)][::-1]
    if len(below) > MOST_RUNGS:
        below = below[np.linspace(0, len(below) - 1, MOST_RUNGS).astype(np.int64)]
    return np.concatenate([[current_minor], below]).astype(np.float64)
