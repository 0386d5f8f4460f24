"""From additive sums to features as of a moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

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
    AccumulatorTable,
    AffinityTable,
    NamedSums,
    fade,
    table_of_one,
)
from profiles.values import FeatureRow

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


def derive_rows(
    table: AccumulatorTable, shoppers: Sequence[str], as_of: datetime
) -> Iterator[FeatureRow]:
    """Yield the features of each shopper of `table` as of a moment, in the table's order."""
    seconds = as_of.timestamp()
    factor = fade(seconds, LONG_HALF_LIFE)
    values = derive_values(table, seconds).tolist()
    for row, (shopper, named) in enumerate(zip(shoppers, values, strict=True)):
        yield FeatureRow(
            shopper=shopper,
            as_of=as_of,
            values=dict(zip(VALUE_NAMES, named, strict=True)),
            category_affinity=table.categories.of(row, factor),
            brand_affinity=table.brands.of(row, factor),
            variant_affinity=table.variants.of(row, factor),
        )


def derive(state: NamedSums, shopper: str, as_of: datetime) -> FeatureRow:
    """Return one shopper's features from sums as they are kept online.

    >>> from datetime import UTC
    >>> epoch = datetime(2025, 1, 1, tzinfo=UTC)
    >>> state = NamedSums({"orders": 2.0, "spend": 900.0}, {}, {}, {})
    >>> row = derive(state, "alice", epoch)
    >>> row.values["orders"], row.values["basket_value"]
    (2.0, 450.0)
    """
    return next(derive_rows(table_of_one(state), [shopper], as_of))


def derive_sums(
    state: NamedSums, names: Sequence[str], shopper: str, as_of: datetime
) -> FeatureRow:
    """Return only the decayed sums `names`, and the interest that `state` holds.

    For who reads a part of a profile: each number has the same bits that `derive` gives it from
    the whole. Shares and breadths need the whole, so they cannot be asked for (KeyError).

    >>> from datetime import UTC
    >>> epoch = datetime(2025, 1, 1, tzinfo=UTC)
    >>> state = NamedSums({"activity": 2.0, "spend": 900.0}, {}, {}, {7: 1.0})
    >>> row = derive_sums(state, ["activity", "discounted"], "alice", epoch)
    >>> row.values, row.variant_affinity
    ({'activity': 2.0, 'discounted': 0.0}, {7: 1.0})
    """
    seconds = as_of.timestamp()
    short, long = fade(seconds, SHORT_HALF_LIFE), fade(seconds, LONG_HALF_LIFE)
    scale = dict.fromkeys(SHORT_SUMS, short) | dict.fromkeys(LONG_SUMS, long)
    return FeatureRow(
        shopper=shopper,
        as_of=as_of,
        values={name: state.sums.get(name, 0.0) * scale[name] for name in names},
        category_affinity=_fade_all(state.categories, long),
        brand_affinity=_fade_all(state.brands, long),
        variant_affinity=_fade_all(state.variants, long),
    )


def _fade_all(sums: Mapping[int, float], factor: float) -> dict[int, float]:
    return {key: value * factor for key, value in sums.items()}


def rank_prices(
    category_id: NDArray[np.int64], list_minor: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return, per variant, where its list price stands in its category: 0 cheapest, 1 dearest.

    Ties share the middle of their places; a variant alone in its category is in the middle, 0.5.

    >>> rank_prices(np.array([1, 1, 1, 2]), np.array([300, 100, 200, 500])).tolist()
    [1.0, 0.0, 0.5, 0.5]
    """
    ranks = np.full(len(category_id), 0.5)
    order = np.lexsort((list_minor, category_id))
    _categories, starts = np.unique(category_id[order], return_index=True)
    stops = np.append(starts[1:], len(order))[: len(starts)]  # an empty catalogue has no categories
    for start, stop in zip(starts, stops, strict=True):
        if stop - start < 2:
            continue
        members = order[start:stop]
        prices = list_minor[members]
        below = np.searchsorted(prices, prices, side="left")
        upto = np.searchsorted(prices, prices, side="right") - 1
        ranks[members] = (below + upto) / 2 / (stop - start - 1)
    return ranks
