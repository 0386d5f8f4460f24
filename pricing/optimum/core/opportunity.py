"""Opportunity cost of selling a unit: scarce stock and cannibalization."""

from __future__ import annotations

import numpy as np

from pricing.base.core.arrays import FloatArray, IntArray
from pricing.optimum.core.quote import MIN_ELASTICITY, constant_elasticity_price
from pricing.optimum.core.stock import price_scarce


def stock_cost(
    price: FloatArray,
    cost: FloatArray,
    elasticity: FloatArray,
    units: FloatArray,
    stock: FloatArray,
) -> FloatArray:
    """Return the shadow price of stock (m,) >= 0: what one more unit would be worth.

    `units` are expected to sell at `price` until stock comes again, of `stock` there are; NaN in
    either is no constraint. Where nothing is left it is the price itself: no lower one sells a
    piece, and the price must be right when pieces come. Where the best price would sell more than
    there is, the shadow price is what makes the run-out price the best one (see `price_scarce`),
    under q = units (p / price)^-e, e held at MIN_ELASTICITY.

    >>> stock_cost(
    ...     np.array([4.0, 4.0]), np.array([2.0, 2.0]), np.array([2.0, 2.0]),
    ...     np.array([8.0, 8.0]), np.array([2.0, 9.0]),
    ... ).round(6).tolist()
    [2.0, 0.0]
    """
    e = np.maximum(elasticity, MIN_ELASTICITY)
    numbers = (price, cost, e, units, stock)
    is_bound = np.logical_and.reduce([np.isfinite(one) for one in numbers])
    is_price = np.isfinite(price) & (price > 0.0)
    is_bound &= (units > 0.0) & (stock > 0.0) & (cost > 0.0)
    shadow = np.where((stock == 0.0) & is_price, price, 0.0)
    where = np.flatnonzero(is_bound)
    if len(where):
        p0, slope, rate = price[where], e[where], units[where]
        shadow[where] = price_scarce(
            cost[where],
            stock[where],
            lambda c: constant_elasticity_price(c, slope),
            lambda p: rate * (p / p0) ** -slope,
        ).shadow
    return shadow


def sibling_cost(
    margin: FloatArray, units: FloatArray, group: IntArray, share: float | FloatArray
) -> FloatArray:
    """Return the margin (m,) that a sale takes from substitutes of the same `group`.

    Of an item's additional units `share` would have bought a sibling, each in proportion to its
    sales: c_i = share * sum_{j != i} margin_j units_j / sum_{j != i} units_j. It is the first-order
    condition of the multinomial logit (Gallego and Wang 2014), p_i - c_i = 1 / (b_i (1 - q_i)) +
    sum_{j != i} (p_j - c_j) q_j / (1 - q_i), with the diversion to siblings as a given share; one
    book after the other it is coordinate ascent over the group. Units that are not known, and
    margins that are none, count as nothing.

    >>> sibling_cost(
    ...     np.array([1.0, 2.0, 9.0]), np.array([10.0, 5.0, 1.0]), np.array([7, 7, 8]), 0.5
    ... ).tolist()
    [1.0, 0.5, 0.0]
    """
    sold = np.where(np.isfinite(units) & np.isfinite(margin), np.maximum(units, 0.0), 0.0)
    earned = sold * np.where(np.isfinite(margin), margin, 0.0)
    _, place = np.unique(group, return_inverse=True)
    others_sold = np.bincount(place, sold)[place] - sold
    others_earned = np.bincount(place, earned)[place] - earned
    mean = np.divide(others_earned, others_sold, out=np.zeros(len(sold)), where=others_sold > 1e-9)
    taken: FloatArray = share * np.maximum(mean, 0.0)
    return taken
