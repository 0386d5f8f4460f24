"""Objective of pricing: posterior expected profit, revenue or units."""

from __future__ import annotations

import numpy as np

from pricing.base.core.arrays import FloatArray
from pricing.base.core.values import Objective
from pricing.optimum.core.quote import improvement_probability


def unit_worth(price: FloatArray, cost: FloatArray, objective: Objective) -> FloatArray:
    """Return what one unit sold at `price` counts: its margin, its price, or one.

    >>> unit_worth(np.array([4.0]), np.array([3.0]), "profit").tolist()
    [1.0]
    >>> unit_worth(np.array([4.0]), np.array([3.0]), "units").tolist()
    [1.0]
    """
    if objective == "profit":
        return price - cost
    if objective == "revenue":
        return price + 0.0 * cost
    return np.ones_like(price + 0.0 * cost)


def expected_worth(
    price: FloatArray,
    base: FloatArray,
    cost: FloatArray,
    elasticity: FloatArray,
    elasticity_sd: FloatArray,
    *,
    objective: Objective = "profit",
) -> FloatArray:
    """Return E[worth(p) (p / base)^-e], e ~ N(elasticity, sd^2): the lognormal closed form.

    Arrays broadcast; all prices in one unit. Per unit that sells at `base`.

    >>> one = np.ones(1)
    >>> expected_worth(3.6 * one, 4 * one, 2 * one, 2 * one, 0 * one).round(4).tolist()
    [1.9753]
    """
    x = np.log(price / base)
    noise = elasticity_sd * x
    demand = np.exp(0.5 * noise * noise - elasticity * x)
    return unit_worth(price, cost, objective) * demand


def chance_of_gain(
    price: FloatArray,
    other: FloatArray,
    cost: FloatArray,
    elasticity: FloatArray,
    elasticity_sd: FloatArray,
    *,
    objective: Objective = "profit",
) -> FloatArray:
    """Return P(objective at `other` > objective at `price`), all (m,).

    Revenue is profit at no cost; units grow with every reduction.

    >>> one = np.ones(1)
    >>> chance_of_gain(4 * one, 3.6 * one, 2 * one, 1.5 * one, 0.1 * one, objective="revenue")
    array([0.99999971])
    """
    if objective == "units":
        return np.where(other < price, 1.0, 0.0) * np.where(np.isfinite(elasticity), 1.0, 0.0)
    spent = cost if objective == "profit" else np.zeros_like(cost)
    return improvement_probability(price, other, spent, elasticity, elasticity_sd)
