"""Upper bound on a price relative to competitors, where the merchant sets one."""

from __future__ import annotations

import numpy as np

from pricing.base.core.arrays import FloatArray, IntArray
from pricing.base.core.price_points import share_down
from pricing.base.core.values import Policy

NO_LIMIT = 1_000_000_000


def competitor_ceiling(
    current_minor: IntArray, competitor_minor: FloatArray | None, policy: Policy
) -> IntArray:
    """Return how high prices (m,) may rise beside the lowest competitor, in minor units.

    `competitor_above` over it, but never less than the price now: a competitor's cut lowers no
    price of ours. NaN, no array, or a policy that does not keep to competitors: no limit.

    >>> rival, policy = np.array([300.0, 390.0, np.nan]), Policy(keeps_to_competitors=True)
    >>> competitor_ceiling(np.array([400, 400, 400]), rival, policy).tolist()
    [400, 429, 1000000000]
    """
    highest = np.full(len(current_minor), NO_LIMIT)
    if competitor_minor is None or not policy.keeps_to_competitors:
        return highest
    is_known = np.isfinite(competitor_minor) & (competitor_minor > 0.0)
    price = np.where(is_known, competitor_minor, 1.0)
    above = np.maximum(share_down(price, 1.0 + policy.competitor_above), current_minor)
    return np.where(is_known, above, highest)
