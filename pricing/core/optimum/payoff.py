"""The posterior expectation of demand and payoff at a rung, and the chance that it is better."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from pricing.core.arrays import FloatArray


def expected_demand_ratio(
    log_ratio: FloatArray, elasticity: FloatArray, elasticity_sd: FloatArray, boost: FloatArray
) -> FloatArray:
    """Return E[q(p) / q(public)] when e ~ N(elasticity, sd^2), scaled by 1 + boost.

    q = k p^-e gives exp(-e x) with x = log(p / public), so the expectation is the lognormal mean
    exp(-mu x + (s x)^2 / 2). Arrays broadcast; usual shapes are (m, R), (m, 1), (m, 1), (n, m, 1).

    >>> x = np.array([[0.0, np.log(0.9)]])
    >>> one = np.ones((1, 1))
    >>> expected_demand_ratio(x, 2 * one, 0 * one, 0 * one).round(4).tolist()
    [[1.0, 1.2346]]
    """
    scale = 1.0 + boost
    spread = elasticity_sd * scale * log_ratio
    return np.exp(-elasticity * scale * log_ratio + 0.5 * spread * spread)


def expected_payoff_ratio(
    rung_price: FloatArray, unit_cost: FloatArray, demand_ratio: FloatArray
) -> FloatArray:
    """Return expected payoff of each rung relative to the public price in column 0 of the rungs.

    (p - c) q(p) / ((p0 - c) q(p0)); `unit_cost` (m, 1) must lie below the public price. Where all
    rungs are below cost the ratios are still ordered, since c < p0 holds.

    >>> prices, cost = np.array([[4.0, 3.6]]), np.array([[2.0]])
    >>> expected_payoff_ratio(prices, cost, np.array([[1.0, 1.3]])).round(4).tolist()
    [[1.0, 1.04]]
    """
    margin = rung_price - unit_cost
    return margin / margin[..., :1] * demand_ratio


def improvement_probability(
    price: FloatArray,
    other: FloatArray,
    unit_cost: FloatArray,
    elasticity: FloatArray,
    elasticity_sd: FloatArray,
) -> FloatArray:
    """Return P(payoff at `other` > payoff at `price`) when e ~ N(elasticity, sd^2). Shape (m,).

    The payoffs are equal at e* = log((p1 - c) / (p0 - c)) / log(p1 / p0): a lower price wins for
    e > e*, a higher one for e < e*. Where a price is not above cost, or both are equal, it is 0.

    >>> one = np.ones(1)
    >>> up = improvement_probability(4 * one, 4.4 * one, 2 * one, 1.2 * one, 0.2 * one)
    >>> round(float(up[0]), 3)
    1.0
    """
    is_open = (price > unit_cost) & (other > unit_cost) & (price != other)
    safe_price = np.where(is_open, price, 2.0)
    safe_other = np.where(is_open, other, 3.0)
    safe_cost = np.where(is_open, unit_cost, 1.0)
    ratio = np.log((safe_other - safe_cost) / (safe_price - safe_cost))
    break_even = ratio / np.log(safe_other / safe_price)
    sd = np.maximum(elasticity_sd, 1e-9)
    z = (elasticity - break_even) / sd
    chance = ndtr(np.where(safe_other < safe_price, z, -z))
    return np.where(is_open, chance, 0.0)
