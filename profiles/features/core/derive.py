"""From additive sums to features as of a moment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from profiles.features.core.accumulate import (
    DAY,
    HIGHS,
    LONG_HALF_LIFE,
    LONG_SUMS,
    LOWS,
    SHORT_HALF_LIFE,
    SHORT_SUMS,
    SUMS,
    fade,
)
from profiles.features.core.tables import AccumulatorTable, AffinityTable

FloatArray = NDArray[np.float64]

VALUE_NAMES = (
    "activity",
    "cart_adds",
    "purchases",
    "orders",
    "spend",
    "discounted",
    "offer_clicks",
    "recency",
    "tenure_days",
    "discount_share",
    "savings_share",
    "price_level",
    "basket_value",
    "basket_lines",
    "basket_units",
    "order_interval_days",
    "days_since_order",
    "weekend_share",
    "category_breadth",
    "brand_focus",
    "return_share",
)
UNKNOWN_DAYS = 3_650.0


def derive_values(table: AccumulatorTable, as_of_seconds: float) -> FloatArray:
    """Return features (m, len(VALUE_NAMES)) of m shoppers as of a Unix time in seconds.

    No event of the table may be later than `as_of_seconds`. Shares are 0 where nothing was
    bought; days since an order that never happened are UNKNOWN_DAYS.
    """
    short, long = fade(as_of_seconds, SHORT_HALF_LIFE), fade(as_of_seconds, LONG_HALF_LIFE)
    scale = np.array(
        [short if name in SHORT_SUMS else long if name in LONG_SUMS else 1.0 for name in SUMS]
    )
    now = dict(zip(SUMS, (table.sums * scale).T, strict=True))
    high = dict(zip(HIGHS, table.highs.T, strict=True))
    low = dict(zip(LOWS, table.lows.T, strict=True))
    count = now["order_count"]
    features = {
        **now,
        "recency": np.exp2(np.minimum(high["last_at"] - as_of_seconds, 0.0) / SHORT_HALF_LIFE),
        "tenure_days": np.maximum(as_of_seconds - low["first_at"], 0.0) / DAY,
        "discount_share": _share(now["discounted"], now["purchases"]),
        "savings_share": 1.0 - _share(now["spend"], now["list_spend"], otherwise=1.0),
        "price_level": _share(now["rank_sum"], now["rank_weight"], otherwise=0.5),
        "basket_value": _share(now["spend"], now["orders"]),
        "basket_lines": _share(now["purchases"], now["orders"]),
        "basket_units": _share(now["units"], now["orders"]),
        "order_interval_days": _interval(high["last_order_at"], low["first_order_at"], count),
        "days_since_order": _days_since(high["last_order_at"], as_of_seconds),
        "weekend_share": _share(now["weekend_orders"], now["orders"]),
        "category_breadth": _breadth(table.categories, len(table.sums)),
        "brand_focus": _share(1.0, _breadth(table.brands, len(table.sums))),
        "return_share": _share(now["returns"], now["purchases"] + now["returns"]),
    }
    return np.column_stack([features[name] for name in VALUE_NAMES])


def _share(part: FloatArray | float, whole: FloatArray, otherwise: float = 0.0) -> FloatArray:
    """Return part / whole, `otherwise` where whole is 0."""
    shares = np.full(whole.shape, otherwise)
    np.divide(part, whole, out=shares, where=whole > 0)
    return shares


def _interval(last: FloatArray, first: FloatArray, count: FloatArray) -> FloatArray:
    """Return mean days between orders: (last - first) / (n - 1); 0 with fewer than two."""
    days = np.zeros(count.shape)
    has_two = count >= 2
    days[has_two] = (last[has_two] - first[has_two]) / (count[has_two] - 1) / DAY
    return days


def _days_since(last: FloatArray, as_of_seconds: float) -> FloatArray:
    days = np.maximum(as_of_seconds - last, 0.0) / DAY
    return np.where(np.isfinite(days), days, UNKNOWN_DAYS)


def _breadth(affinity: AffinityTable, shopper_count: int) -> FloatArray:
    """Return the effective number of things: 1 / sum of squared shares (inverse Simpson).

    Decay cancels: every value of one shopper carries the same factor.
    """
    total = np.bincount(affinity.row, weights=affinity.value, minlength=shopper_count)
    share = affinity.value / total[affinity.row]
    focus = np.bincount(affinity.row, weights=share * share, minlength=shopper_count)
    return _share(1.0, focus)
