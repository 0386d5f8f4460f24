"""How near to its competitors a price may be: a ceiling above them, and no race far below."""

from __future__ import annotations

import numpy as np

from pricing.core.arrays import FloatArray, IntArray
from pricing.core.rounding import share_down, share_up
from pricing.core.values import Policy

NO_LIMIT = 1_000_000_000


def competitor_band(
    current_minor: IntArray, competitor_minor: FloatArray | None, policy: Policy
) -> tuple[IntArray, IntArray]:
    """Return how low and how high prices (m,) may be beside the lowest competitor, minor units.

    `competitor_above` over it is a ceiling; `competitor_below` under it ends a race, but the lower
    end is never above the price now: a competitor pulls no price up. NaN, or no array: no limit.

    >>> low, high = competitor_band(np.array([400, 400]), np.array([300.0, np.nan]), Policy())
    >>> low.tolist(), high.tolist()
    ([240, 1], [330, 1000000000])
    """
    lowest = np.ones(len(current_minor), dtype=np.int64)
    highest = np.full(len(current_minor), NO_LIMIT)
    if competitor_minor is None:
        return lowest, highest
    is_known = np.isfinite(competitor_minor) & (competitor_minor > 0.0)
    price = np.where(is_known, competitor_minor, 1.0)
    below = np.minimum(share_up(price, 1.0 - policy.competitor_below), current_minor)
    above = np.maximum(share_down(price, 1.0 + policy.competitor_above), 1)
    return np.where(is_known, below, lowest), np.where(is_known, above, highest)
