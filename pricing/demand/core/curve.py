"""Expected weekly units over a grid of prices, with a posterior band."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.base.core.price_points import price_ladder
from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.core.metrics import count_interval

GRID_LOW, GRID_HIGH = 0.6, 1.4


@dataclass(frozen=True, slots=True)
class Demand:
    """Demand of one item: `units` a week at `price_minor`, elasticity magnitude and its sd."""

    units: float
    price_minor: float
    elasticity: float
    elasticity_sd: float
    dispersion: float = 1.0


def price_grid(price_minor: int, exponent: int = 2) -> IntArray:
    """Return charm-ended prices from 60 % to 140 % of a price, the price itself among them.

    >>> price_grid(100).tolist()[:4]
    [65, 69, 75, 79]
    """
    ladder = price_ladder(exponent)
    low, high = GRID_LOW * price_minor, GRID_HIGH * price_minor
    inside = ladder[(ladder >= low) & (ladder <= high)]
    return np.unique(np.append(inside, price_minor))


def expect_units(demand: Demand, grid: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return mean, 5 % and 95 % quantile of weekly units at each price of the grid.

    E[q(p)] = q0 exp(-e x + (s x)^2 / 2) with x = log(p / p0); the variance adds the posterior of
    e to counting noise: phi m + m^2 (exp((s x)^2) - 1).

    >>> demand = Demand(10.0, 400.0, 2.0, 0.0)
    >>> expect_units(demand, np.array([400, 200]))[0].round(2).tolist()
    [10.0, 40.0]
    """
    x = np.log(grid / demand.price_minor)
    spread = (demand.elasticity_sd * x) ** 2
    mean = demand.units * np.exp(-demand.elasticity * x + 0.5 * spread)
    variance = demand.dispersion * mean + mean**2 * np.expm1(spread)
    low, high = count_interval(mean, variance, 0.9)
    return mean, low, high


def units_at(
    seen_price: FloatArray, seen_units: FloatArray, price_minor: float, elasticity: float
) -> float:
    """Return mean weekly units as if every week had had `price_minor`; 0 if nothing was seen.

    >>> units_at(np.array([400.0]), np.array([10.0]), 200.0, 2.0)
    40.0
    """
    if not len(seen_price):
        return 0.0
    return float(np.mean(seen_units * (price_minor / seen_price) ** -elasticity))
