"""Feature rows: what other rooms are handed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from profiles.core.features.decay import LONG_HALF_LIFE, fade
from profiles.core.features.derive import VALUE_NAMES, derive_values
from profiles.core.features.tables import AccumulatorTable, NamedSums, table_of_one
from profiles.core.values import FeatureRow


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
