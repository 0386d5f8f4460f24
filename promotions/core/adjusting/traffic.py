"""How much of a usual week's traffic a stretch of time holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

HOURS = 168
HOUR = timedelta(hours=1)


def measure_traffic(start: datetime, end: datetime, weekly: Sequence[int]) -> float:
    """Return the traffic of [start, end) in usual weeks.

    `weekly` (168,) counts each hour of a week, UTC, Monday 0 h first; each hour gets a little more
    than it had, so that no time counts as nothing. Parts of an hour count in proportion.

    >>> monday = datetime(2026, 11, 2, tzinfo=UTC)
    >>> measure_traffic(monday, monday + timedelta(days=14), [1] * 168)
    2.0
    >>> measure_traffic(monday, monday + timedelta(hours=12), [99] * 12 + [0] * 156) > 0.7
    True
    """
    if end <= start:
        return 0.0
    counts = np.asarray(weekly, dtype=float)
    shares = (counts + 1.0 + counts.mean() / 10.0) / (counts + 1.0 + counts.mean() / 10.0).sum()
    weeks, rest = divmod(end - start, timedelta(days=7))
    begin = start.astimezone(UTC)
    at = begin.weekday() * 24 + begin.hour + begin.minute / 60 + begin.second / 3600
    edges = np.concatenate([[0.0], np.cumsum(np.tile(shares, 2))])
    places = np.array([at, at + rest / HOUR])
    low, high = np.interp(places, np.arange(2 * HOURS + 1), edges)
    return float(weeks + high - low)
