"""Sums of many shoppers at once, and of one shopper as read from Redis: the same shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from profiles.features.core.accumulate import HIGHS, LOWS, SUMS, weigh_events
from profiles.features.core.columns import NO_ID, EventColumns, SensitiveProducts

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AffinityTable:
    """Interest of shopper `row` in thing `id`, as parallel arrays sorted by row, then id."""

    row: IntArray
    id: IntArray
    value: FloatArray

    def of(self, row: int, factor: float) -> dict[int, float]:
        """Return one shopper's interests, times `factor`."""
        start, stop = np.searchsorted(self.row, [row, row + 1])
        ids, values = self.id[start:stop].tolist(), (self.value[start:stop] * factor).tolist()
        return dict(zip(ids, values, strict=True))


@dataclass(frozen=True, slots=True)
class AccumulatorTable:
    """Additive state of m shoppers: `sums` (m, len(SUMS)), `highs` and `lows` (m, 2).

    Extremes are Unix seconds, -inf and inf where there was no such event.
    """

    sums: FloatArray
    highs: FloatArray
    lows: FloatArray
    categories: AffinityTable
    brands: AffinityTable
    variants: AffinityTable


def sum_events(
    events: EventColumns,
    rows: IntArray,
    shopper_count: int,
    zone: ZoneInfo,
    sensitive: SensitiveProducts,
) -> AccumulatorTable:
    """Return the sums of `shopper_count` shoppers; event i belongs to shopper `rows[i]`.

    Equals adding the increments of every event one by one, up to rounding (about 1e-13).
    """
    weights = weigh_events(events, zone, sensitive)
    sums = np.stack(
        [
            np.bincount(rows, weights=weights.sums[:, column], minlength=shopper_count)
            for column in range(len(SUMS))
        ],
        axis=1,
    )
    highs = np.full((shopper_count, len(HIGHS)), -np.inf)
    lows = np.full((shopper_count, len(LOWS)), np.inf)
    ordered_at, ordered_by = events.at[weights.is_order], rows[weights.is_order]
    seen_at, seen_by = events.at[weights.is_seen], rows[weights.is_seen]
    np.maximum.at(highs[:, 0], seen_by, seen_at)
    np.minimum.at(lows[:, 0], seen_by, seen_at)
    np.maximum.at(highs[:, 1], ordered_by, ordered_at)
    np.minimum.at(lows[:, 1], ordered_by, ordered_at)
    return AccumulatorTable(
        sums=sums,
        highs=highs,
        lows=lows,
        categories=_sum_interest(rows, events.category_id, weights.interest),
        brands=_sum_interest(rows, events.brand_id, weights.interest),
        variants=_sum_interest(rows, events.variant_id, weights.interest),
    )


def _sum_interest(rows: IntArray, ids: IntArray, interest: FloatArray) -> AffinityTable:
    is_shown = (interest > 0) & (ids != NO_ID)
    rows, ids, interest = rows[is_shown], ids[is_shown], interest[is_shown]
    order = np.lexsort((ids, rows))
    rows, ids, interest = rows[order], ids[order], interest[order]
    if not len(rows):
        return AffinityTable(row=rows, id=ids, value=interest)
    is_first = np.r_[True, (rows[1:] != rows[:-1]) | (ids[1:] != ids[:-1])]
    starts = np.flatnonzero(is_first)
    return AffinityTable(row=rows[starts], id=ids[starts], value=np.add.reduceat(interest, starts))


@dataclass(frozen=True, slots=True)
class NamedSums:
    """One shopper's additive state by name, as it is kept online.

    `sums` has the names of SUMS, HIGHS and LOWS; a missing sum is 0, a missing extreme unknown.
    """

    sums: Mapping[str, float]
    categories: Mapping[int, float]
    brands: Mapping[int, float]
    variants: Mapping[int, float]


def table_of_one(state: NamedSums) -> AccumulatorTable:
    """Return the table of a single shopper."""
    sums = state.sums
    return AccumulatorTable(
        sums=np.array([[sums.get(name, 0.0) for name in SUMS]]),
        highs=np.array([[sums.get(name, -np.inf) for name in HIGHS]]),
        lows=np.array([[sums.get(name, np.inf) for name in LOWS]]),
        categories=_affinity_of_one(state.categories),
        brands=_affinity_of_one(state.brands),
        variants=_affinity_of_one(state.variants),
    )


def _affinity_of_one(values: Mapping[int, float]) -> AffinityTable:
    count = len(values)
    ids = np.fromiter(values, dtype=np.int64, count=count)
    order = np.argsort(ids)
    return AffinityTable(
        row=np.zeros(count, dtype=np.int64),
        id=ids[order],
        value=np.fromiter(values.values(), dtype=np.float64, count=count)[order],
    )


def named_sums(table: AccumulatorTable, row: int) -> NamedSums:
    """Return one shopper's state by name: the inverse of `table_of_one`."""
    sums = {
        name: value for name, value in zip(SUMS, table.sums[row].tolist(), strict=True) if value
    }
    extremes = zip(HIGHS + LOWS, [*table.highs[row], *table.lows[row]], strict=True)
    sums.update({name: float(value) for name, value in extremes if np.isfinite(value)})
    return NamedSums(
        sums=sums,
        categories=table.categories.of(row, 1.0),
        brands=table.brands.of(row, 1.0),
        variants=table.variants.of(row, 1.0),
    )
