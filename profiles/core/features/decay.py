"""Forward decay: old events fade although no stored number is ever touched again.

Cormode, Shkapenyuk, Srivastava, Xu, "Forward Decay: A Practical Time Decay Model for Streaming
Systems", ICDE 2009. An event at t weighs g(t) = 2^((t - EPOCH) / H). A sum of weights is additive,
so it can be kept by one increment per event; dividing by g(now) gives the exponentially decayed
sum as of now. No order of arrival is assumed and nothing has to be swept.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

DAY = 86_400.0
# Weights are exact doubles for 1,023 half-lives around this: with 14 days, until the year 2064.
EPOCH_SECONDS = datetime(2025, 1, 1, tzinfo=UTC).timestamp()
SHORT_HALF_LIFE = 14 * DAY
LONG_HALF_LIFE = 90 * DAY


def weigh(at_seconds: FloatArray, half_life: float) -> FloatArray:
    """Return g(t) = 2^((t - EPOCH) / half_life) for Unix times in seconds.

    >>> now = np.array([EPOCH_SECONDS, EPOCH_SECONDS + SHORT_HALF_LIFE])
    >>> weigh(now, SHORT_HALF_LIFE).tolist()
    [1.0, 2.0]
    """
    return np.exp2((at_seconds - EPOCH_SECONDS) / half_life)


def fade(as_of_seconds: float, half_life: float) -> float:
    """Return 1 / g(as_of): what turns an additive sum into the decayed sum as of a moment.

    >>> fade(EPOCH_SECONDS + LONG_HALF_LIFE, LONG_HALF_LIFE)
    0.5
    """
    return float(np.exp2((EPOCH_SECONDS - as_of_seconds) / half_life))


def monthly_rate(decayed: float, half_life: float, tenure_days: float) -> float:
    """Return how many events a month make a decayed sum of `decayed`, for `tenure_days` until now.

    A steady rate r per day sums to r (1 - 2^(-T / H)) H / ln 2 after T days; this is solved for r.
    T is at least a month: one event of yesterday is one a month, not thirty.

    >>> round(monthly_rate(90 * 2 / np.log(2), LONG_HALF_LIFE, 3_650.0))
    60
    >>> round(monthly_rate(1.0, LONG_HALF_LIFE, 1.0))
    1
    """
    days, months = half_life / DAY, 30.0
    weight = (1.0 - 2.0 ** (-max(tenure_days, months) / days)) * days / np.log(2.0)
    return float(decayed / weight * months)


def is_weekend(at_seconds: FloatArray, zone: ZoneInfo) -> BoolArray:
    """Return whether each Unix time falls on a Saturday or Sunday on the clocks of `zone`.

    >>> saturday_evening = datetime(2026, 11, 28, 23, tzinfo=ZoneInfo("America/New_York"))
    >>> is_weekend(np.array([saturday_evening.timestamp()]), ZoneInfo("America/New_York")).tolist()
    [True]
    """
    if not len(at_seconds):
        return np.zeros(0, dtype=np.bool_)
    local = pd.to_datetime(at_seconds, unit="s", utc=True).tz_convert(zone)
    return np.asarray(local.day_of_week >= 5, dtype=np.bool_)
