"""Best prices in closed form, or by one scalar root: the interior optimum before any rule."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logsumexp, wrightomega

from pricing.core.arrays import FloatArray

MIN_ELASTICITY = 1.3
# From its lower bound Newton needs about log(items) steps to come near and five more for all
# digits. The count is fixed, so that a batch and a single category take the very same steps.
NEWTON_STEPS = 24


def logit_price(cost: ArrayLike, intercept: ArrayLike, slope: ArrayLike) -> FloatArray:
    """Return the price that maximises (p - c) * P(buy), P(buy) = 1 / (1 + exp(-(a - b p))).

    p* = c + (1 + W(exp(a - b c - 1))) / b with Lambert's W, computed as Wright's omega of
    a - b c - 1, which does not overflow. b > 0. Source: first-order condition; Li and Huh 2011.

    >>> round(float(logit_price(2.0, 3.0, 1.0)), 6)
    3.567143
    """
    c, a, b = (np.asarray(v, dtype=np.float64) for v in (cost, intercept, slope))
    result: FloatArray = c + (1.0 + wrightomega(a - b * c - 1.0)) / b
    return result


def constant_elasticity_price(cost: ArrayLike, elasticity: ArrayLike) -> FloatArray:
    """Return c * e / (e - 1), the best price under q = k p^-e (Lerner 1934).

    `elasticity` is the magnitude e; below MIN_ELASTICITY the optimum runs away, so e is held there.

    >>> round(float(constant_elasticity_price(2.0, 3.0)), 6)
    3.0
    """
    e = np.maximum(np.asarray(elasticity, dtype=np.float64), MIN_ELASTICITY)
    result: FloatArray = np.asarray(cost, dtype=np.float64) * e / (e - 1.0)
    return result


def implied_cost(price: ArrayLike, elasticity: ArrayLike) -> FloatArray:
    """Return p * (1 - 1/e): the unit cost under which `price` is already optimal (Rosse 1970).

    >>> round(float(implied_cost(3.0, 3.0)), 6)
    2.0
    """
    e = np.maximum(np.asarray(elasticity, dtype=np.float64), MIN_ELASTICITY)
    result: FloatArray = np.asarray(price, dtype=np.float64) * (1.0 - 1.0 / e)
    return result


def mnl_common_slope_prices(cost: ArrayLike, intercept: ArrayLike, slope: ArrayLike) -> FloatArray:
    """Return the best prices of substitutes that share one price slope, shape (..., n).

    Choice is multinomial logit with an outside option of utility 0: q_i = exp(a_i - b p_i) /
    (1 + sum_j exp(a_j - b p_j)). All items carry the same markup p_i - c_i =
    (1 + W(sum_j exp(a_j - b c_j - 1))) / b. `cost` and `intercept` are (..., n), `slope` b > 0 is
    (...,); an item with intercept -inf is not offered. Source: Li and Huh 2011; Zhang,
    Rusmevichientong and Topaloglu 2018 give the same formula for all GEV models.

    >>> mnl_common_slope_prices([1.0, 2.0], [2.0, 2.0], 1.0).round(6).tolist()
    [2.687685, 3.687685]
    """
    c, a = np.broadcast_arrays(
        np.asarray(cost, dtype=np.float64), np.asarray(intercept, dtype=np.float64)
    )
    b = np.asarray(slope, dtype=np.float64)[..., None]
    pull = logsumexp(a - b * c, axis=-1, keepdims=True)
    prices: FloatArray = c + (1.0 + wrightomega(pull - 1.0)) / b
    return prices


def mnl_own_slopes_prices(cost: ArrayLike, intercept: ArrayLike, slope: ArrayLike) -> FloatArray:
    """Return the best prices of substitutes with a price slope each, shape (..., n).

    p_i = c_i + 1 / b_i + theta, where theta, the expected profit of a visit, is the root of
    theta = sum_i (q_i / q_0) / b_i (Gallego and Wang 2014: the adjusted markup p - c - 1/b is the
    same for all items). f(theta) = theta - sum_i exp(a_i - b_i c_i - 1 - b_i theta) / b_i rises and
    is concave, so Newton from below never passes the root; the largest root of a single item is
    such a start. All arrays are (..., n) with b > 0: leading axes are categories, solved at once;
    an item with intercept -inf is not offered (the way to pad short categories).

    >>> mnl_own_slopes_prices([1.0, 2.0], [2.0, 2.0], [1.0, 1.0]).round(6).tolist()
    [2.687685, 3.687685]
    """
    c, a, b = np.broadcast_arrays(*(np.asarray(v, np.float64) for v in (cost, intercept, slope)))
    strength = a - b * c - 1.0
    theta = np.max(wrightomega(strength) / b, axis=-1, keepdims=True)
    for _ in range(NEWTON_STEPS):
        odds = np.exp(strength - b * theta)
        excess = theta - np.sum(odds / b, axis=-1, keepdims=True)
        theta = theta - excess / (1.0 + np.sum(odds, axis=-1, keepdims=True))
    prices: FloatArray = c + 1.0 / b + theta
    return prices


def mnl_profit(
    price: ArrayLike, cost: ArrayLike, intercept: ArrayLike, slope: ArrayLike
) -> FloatArray:
    """Return the expected profit of a visit, sum_i (p_i - c_i) q_i, over the last axis.

    >>> round(float(mnl_profit([2.0], [1.0], [2.0], [1.0])), 6)
    0.5
    """
    p, c, a, b = (np.asarray(v, dtype=np.float64) for v in (price, cost, intercept, slope))
    utility = a - b * p
    top = np.maximum(utility.max(axis=-1, keepdims=True), 0.0)
    weight = np.exp(utility - top)
    total = np.exp(-top[..., 0]) + weight.sum(axis=-1)
    profit: FloatArray = ((p - c) * weight).sum(axis=-1) / total
    return profit
