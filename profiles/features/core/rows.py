"""Feature rows: what other rooms are handed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from profiles.features.core.accumulate import (
    LONG_HALF_LIFE,
    LONG_SUMS,
    SHORT_HALF_LIFE,
    SHORT_SUMS,
    fade,
)
from profiles.features.core.derive import VALUE_NAMES, derive_values
from profiles.features.core.tables import AccumulatorTable, NamedSums, table_of_one
from profiles.values import FeatureRow


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
