"""Scarce stock as a shadow price: what one more unit would be worth is added to its cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pricing.base.core.arrays import FloatArray

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
