"""What an arm of an experiment makes of public prices: less, or the same, never more."""

from __future__ import annotations

from math import ceil

import numpy as np

from pricing.core.arrays import FloatArray, IntArray


def multiply_prices(base_minor: IntArray, factor: FloatArray, floor_minor: IntArray) -> IntArray:
    """Return min(base, max(base x factor rounded down, floor)), (m,), in minor units.

    >>> multiply_prices(np.array([400, 399, 400]), np.array([0.95, 0.95, 1.5]),
    ...                 np.array([300, 390, 300])).tolist()
    [380, 390, 400]
    """
    exact = np.round(base_minor.astype(np.float64) * factor, 9)
    return np.minimum(base_minor, np.maximum(np.floor(exact).astype(np.int64), floor_minor))


def least_factor(step_cap: float) -> float:
    """Return the lowest factor from which one step of `step_cap` leads back to the base, rounded up
    to a tenth of a percent: further down, a turn could not end when it is over.

    >>> least_factor(0.10), least_factor(0.25)
    (0.91, 0.8)
    """
    return ceil(round(1_000.0 / (1.0 + step_cap), 9)) / 1_000.0
