"""Scarce stock as a shadow price: what one more unit would be worth is added to its cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

from pricing.core.arrays import FloatArray, IntArray

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

    >>> from pricing.core.optimum.closed_forms import constant_elasticity_price
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


def price_shared(
    cost: FloatArray,
    usage: FloatArray,
    capacity: float,
    best_price: Callable[[FloatArray], FloatArray],
    demand: Callable[[FloatArray], FloatArray],
) -> Scarce:
    """Return the best prices of m items that share one resource of which a unit takes `usage` (m,).

    The same shadow price mu stands behind every item: best_price(c + mu * usage), with mu bisected
    until sum(usage * q) = capacity. Source: as `price_scarce`.

    >>> from pricing.core.optimum.closed_forms import constant_elasticity_price
    >>> shared = price_shared(
    ...     np.array([2.0, 2.0]), np.ones(2), 2.0,
    ...     lambda c: constant_elasticity_price(c, 2.0), lambda p: 64.0 / p**2,
    ... )
    >>> shared.price.round(6).tolist()
    [8.0, 8.0]
    """

    def used(mu: float) -> float:
        return float((usage * demand(best_price(cost + mu * usage))).sum())

    low, high = 0.0, max(float(np.abs(cost).max()), 1e-6)
    if used(0.0) <= capacity:
        high = 0.0
    else:
        for _ in range(DOUBLINGS):
            if used(high) <= capacity:
                break
            high *= 2.0
        for _ in range(BISECTIONS):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if used(middle) > capacity else (low, middle)
    price = best_price(cost + high * usage)
    return Scarce(price, np.full(len(cost), high), demand(price))


@dataclass(frozen=True, slots=True)
class RungPlan:
    """Shares of the horizon (m, K) that each item spends on each rung, and what stands behind it.

    `shadow` (R,) is the worth of one more unit of each resource, `value` the optimum of the linear
    program, an upper bound of every price path; `rung` (m,) one rung for each item so that no
    resource is overdrawn: the dearest that has a share (sales fall with price).
    """

    share: FloatArray
    shadow: FloatArray
    value: float
    rung: IntArray


def plan_rungs(
    price: FloatArray,
    units: FloatArray,
    cost: FloatArray,
    usage: FloatArray,
    capacity: FloatArray,
) -> RungPlan:
    """Return the best shares of rungs (m, K) under several resources, by linear programming.

    max sum x_ik (p_ik - c_i) q_ik subject to sum_k x_ik = 1, sum_ik usage_ri q_ik x_ik <= C_r,
    x >= 0, with HiGHS. `price` and `units` are (m, K), prices ascending and units falling along a
    row, NaN where an item has fewer rungs; `cost` (m,); `usage` (R, m); `capacity` (R,). Raises
    ValueError where even the dearest rungs overdraw. Re-solved on posterior draws of `units` it is
    the pricing step of Ferreira, Simchi-Levi and Wang 2018; the bound: Gallego and van Ryzin 1997.

    >>> plan = plan_rungs(
    ...     np.array([[4.0, 8.0]]), np.array([[4.0, 1.0]]), np.array([2.0]), np.ones((1, 1)),
    ...     np.array([2.5]),
    ... )
    >>> plan.share.round(6).tolist(), plan.value, plan.rung.tolist()
    ([[0.5, 0.5]], 7.0, [1])
    """
    m, width = price.shape
    is_rung = np.isfinite(price) & np.isfinite(units)
    item, rung = np.nonzero(is_rung)
    sold = units[item, rung]
    worth = (price[item, rung] - cost[item]) * sold
    columns = np.arange(len(item))
    one_each = csr_array((np.ones(len(item)), (item, columns)), shape=(m, len(item)))
    taken = vstack([csr_array((row[item] * sold)[None, :]) for row in usage], format="csr")
    solved = linprog(
        -worth, A_ub=taken, b_ub=capacity, A_eq=one_each, b_eq=np.ones(m), method="highs"
    )
    if solved.status != 0:
        raise ValueError("no rungs keep within the capacity")
    share = np.zeros((m, width))
    share[item, rung] = solved.x
    has_share = share > 1e-9
    dearest = width - 1 - np.argmax(has_share[:, ::-1], axis=1)
    return RungPlan(share, -solved.ineqlin.marginals, float(-solved.fun), dearest)
