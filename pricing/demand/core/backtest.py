"""Backtests of weekly forecasts: error, calibration and coverage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pricing.base.core.values import BoolArray, FloatArray
from pricing.demand.core.leaderboard import calibration_error
from pricing.demand.core.metrics import interval_coverage, mean_poisson_deviance, wmape

Band = tuple[FloatArray, FloatArray]


@dataclass(frozen=True, slots=True)
class Forecast:
    """Forecasts of items by weeks, all (N, W): means, an 80 % and a 90 % band."""

    mean: FloatArray
    band_80: Band
    band_90: Band


def weekly_figures(
    actual: FloatArray, forecast: Forecast, kept: BoolArray, first_week: int
) -> list[dict[str, Any]]:
    """Return one row of figures per week that has cells, oldest first.

    `kept` (N, W) says which item-weeks were on sale; weeks are numbered from `first_week`. `bias`
    is (forecast - sales) / sales, `ece` the calibration error over ten bins as a share of sales.

    >>> import numpy as np
    >>> mean = np.array([[2.0, 3.0]])
    >>> whole = (np.zeros((1, 2)), np.full((1, 2), 9.0))
    >>> rows = weekly_figures(mean, Forecast(mean, whole, whole), mean > 0, 40)
    >>> [(row["week"], row["wmape"], row["coverage_90"]) for row in rows]
    [(40, 0.0, 1.0), (41, 0.0, 1.0)]
    """
    rows = []
    for week in range(actual.shape[1]):
        at = kept[:, week]
        sold, expected = actual[at, week], forecast.mean[at, week]
        if not sold.sum():
            continue
        rows.append(
            {
                "week": first_week + week,
                "cells": int(at.sum()),
                "units": float(sold.sum()),
                "forecast": round(float(expected.sum()), 1),
                "wmape": round(wmape(sold, expected), 4),
                "deviance": round(mean_poisson_deviance(sold, expected), 4),
                "bias": round(float(expected.sum() / sold.sum()) - 1.0, 4),
                "ece": round(calibration_error(sold, expected), 4),
                "coverage_80": round(_coverage(sold, forecast.band_80, (at, week)), 4),
                "coverage_90": round(_coverage(sold, forecast.band_90, (at, week)), 4),
            }
        )
    return rows


def _coverage(sold: FloatArray, band: Band, where: tuple[BoolArray, int]) -> float:
    at, week = where
    return interval_coverage(sold, band[0][at, week], band[1][at, week])


def price_strata(
    actual: FloatArray, forecast: FloatArray, log_price: FloatArray, kept: BoolArray
) -> list[dict[str, Any]]:
    """Return bias by how far the price was from usual: a slope too flat or steep shows here.

    All arguments (N, W); `log_price` is log(price / usual). A good model errs alike in every row.

    >>> import numpy as np
    >>> one = np.ones((1, 2))
    >>> price_strata(one, one, np.array([[-0.3, 0.0]]), one > 0)[0]["bias"]
    0.0
    """
    rows = []
    for low, high in ((-9.0, -0.2), (-0.2, -0.05), (-0.05, 0.05), (0.05, 9.0)):
        at = kept & (log_price >= low) & (log_price < high)
        sold = float(actual[at].sum())
        if sold:
            bias = float(forecast[at].sum()) / sold - 1.0
            rows.append({"from": low, "to": high, "cells": int(at.sum()), "bias": round(bias, 4)})
    return rows
