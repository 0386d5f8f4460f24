"""Scarce stock as a shadow price: what one more unit would be worth is added to its cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pricing.base.core.values import FloatArray, IntArray
from pricing.optimum.core.quote import MIN_ELASTICITY, constant_elasticity_price

BISECTIONS = 80
DOUBLINGS = 60


@dataclass(frozen=True, slots=True)
class Scarce:
    """Prices (m,), the shadow price of stock (m,) >= 0, and expected units (m,) at those prices."""

    price: FloatArray
    shadow: FloatArray
    units: FloatArray


def price_scarce(
    cost: FloatArray,
    stock: FloatArray,
    best_price: Callable[[FloatArray], FloatArray],
    demand: Callable[[FloatArray], FloatArray],
) -> Scarce:
    """Return the best prices of m items whose expected sales must not pass their stock.

    `best_price(c)` is the optimum at unit costs c (m,), rising in c; `demand(p)` the expected units
    of the horizon at prices p (m,). The Lagrangian sum (p - c) q - mu (q - stock) is maximised by
    best_price(c + mu); mu >= 0 is bisected until q = stock, and is 0 where stock suffices. Source:
    Gallego and van Ryzin 1994 (the deterministic problem and its run-out price).

    >>> from pricing.optimum.core.quote import constant_elasticity_price
    >>> scarce = price_scarce(
    ...     np.array([2.0, 2.0]), np.array([1.0, 9.0]),
    ...     lambda c: constant_elasticity_price(c, 2.0), lambda p: 64.0 / p**2,
    ... )
    >>> scarce.price.round(6).tolist(), scarce.shadow.round(6).tolist()
    ([8.0, 4.0], [2.0, 0.0])
    """

    def is_over(mu: FloatArray) -> np.ndarray:
        over: np.ndarray = demand(best_price(cost + mu)) > stock
        return over

    low = np.zeros_like(cost, dtype=np.float64)
    high = np.maximum(np.abs(cost), 1e-6)
    is_short = is_over(low)
    for _ in range(DOUBLINGS):
        over = is_over(high)
        if not over.any():
            break
        high = np.where(over, 2.0 * high, high)
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        over = is_over(middle)
        low, high = np.where(over, middle, low), np.where(over, high, middle)
    shadow = np.where(is_short, high, 0.0)
    price = best_price(cost + shadow)
    return Scarce(price, shadow, demand(price))


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
