"""Error measures of count forecasts."""

from __future__ import annotations

import numpy as np
import scipy

from pricing.base.core.values import FloatArray

FORECAST_FLOOR = 0.01


def wmape(actual: FloatArray, forecast: FloatArray) -> float:
    """Return sum |actual - forecast| / sum actual over all cells (forecast floored at 0.01);
    infinite where nothing was sold.

    >>> wmape(np.array([2.0, 2.0]), np.array([1.0, 3.0]))
    0.5
    """
    floored = np.maximum(forecast, FORECAST_FLOOR)
    sold = float(actual.sum())
    return float(np.abs(actual - floored).sum()) / sold if sold else float("inf")


def mean_poisson_deviance(actual: FloatArray, forecast: FloatArray) -> float:
    """Return the mean of 2 (a log(a / f) - (a - f)) over all cells (forecast floored at 0.01).

    >>> round(mean_poisson_deviance(np.array([0.0, 1.0]), np.array([1.0, 1.0])), 6)
    1.0
    """
    floored = np.maximum(forecast, FORECAST_FLOOR)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_part = np.where(actual > 0, actual * np.log(actual / floored), 0.0)
    return float(2.0 * np.mean(log_part - (actual - floored)))


def count_interval(
    mean: FloatArray, variance: FloatArray, coverage: float
) -> tuple[FloatArray, FloatArray]:
    """Return the central interval of a negative binomial with this mean and variance.

    Where the variance is not above the mean it is taken just above it (Poisson).

    >>> low, high = count_interval(np.array([10.0]), np.array([10.0]), 0.9)
    >>> low.tolist(), high.tolist()
    ([5.0], [15.0])
    """
    safe_mean = np.maximum(mean, FORECAST_FLOOR)
    spread = np.maximum(variance, safe_mean * (1.0 + 1e-6))
    size = safe_mean**2 / (spread - safe_mean)
    tail = (1.0 - coverage) / 2.0
    low = scipy.stats.nbinom.ppf(tail, size, size / (size + safe_mean))
    high = scipy.stats.nbinom.ppf(1.0 - tail, size, size / (size + safe_mean))
    return np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)


def interval_coverage(actual: FloatArray, low: FloatArray, high: FloatArray) -> float:
    """Return the share of actual counts inside their intervals, edges included.

    >>> interval_coverage(np.array([1.0, 9.0]), np.array([0.0, 0.0]), np.array([1.0, 8.0]))
    0.5
    """
    return float(np.mean((actual >= low) & (actual <= high)))
