"""The one crossing between float amounts of models and exact minor units."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from pricing.core.values import FloatArray, IntArray

# Minor units above this are refused: ten million in a currency with cents, far from int64's end.
LARGEST_MINOR = 1_000_000_000
NOT_A_PRICE = -1


def to_minor(amounts: ArrayLike) -> IntArray:
    """Return float amounts in minor units as int64, rounded half up (any shape).

    What is no price (NaN, infinite, not above zero after rounding, absurdly large) becomes
    NOT_A_PRICE, so that the gate sees it; it never becomes a plausible number.

    >>> to_minor([399.5, 398.49, float("nan"), float("inf"), -3.0, 0.2]).tolist()
    [400, 398, -1, -1, -1, -1]
    """
    values = np.asarray(amounts, dtype=np.float64)
    is_price = np.isfinite(values) & (values >= 0.5) & (values <= LARGEST_MINOR)
    rounded = np.floor(np.where(is_price, values, 0.0) + 0.5)
    return np.where(is_price, rounded, NOT_A_PRICE).astype(np.int64)


def to_float(minor: ArrayLike) -> FloatArray:
    """Return minor units as float64. Exact: prices are far below 2^53.

    >>> to_float([399]).tolist()
    [399.0]
    """
    return np.asarray(minor, dtype=np.float64)


def share_up(minor: ArrayLike, share: float) -> IntArray:
    """Return ceil(minor * share): a lower bound rounded so that it is never undercut.

    The product is first rounded to 9 decimals: 0.9 is no binary fraction, and 1000 * 0.9 must be
    900, not 901.

    >>> share_up([1000, 399], 0.9).tolist()
    [900, 360]
    """
    exact = np.round(np.asarray(minor, dtype=np.float64) * share, 9)
    return np.ceil(exact).astype(np.int64)


def share_down(minor: ArrayLike, share: float) -> IntArray:
    """Return floor(minor * share): an upper bound rounded so that it is never passed.

    >>> share_down([1000, 399], 1.1).tolist()
    [1100, 438]
    """
    exact = np.round(np.asarray(minor, dtype=np.float64) * share, 9)
    return np.floor(exact).astype(np.int64)
