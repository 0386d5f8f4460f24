"""From events to additive sums that fade. The only place that says what an event adds.

Sums decay forward: old events fade although no stored number is ever touched again. Cormode,
Shkapenyuk, Srivastava, Xu, "Forward Decay: A Practical Time Decay Model for Streaming Systems",
ICDE 2009. An event at t weighs g(t) = 2^((t - EPOCH) / H). A sum of weights is additive, so it can
be kept by one increment per event; dividing by g(now) gives the exponentially decayed sum as of
now. No order of arrival is assumed and nothing has to be swept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from profiles.features.core.registry import (
    KIND_CODES,
    KINDS,
    NO_ID,
    EventColumns,
    SensitiveProducts,
)

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

DAY, QUARTER = 86_400.0, 900.0
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
    # In every zone a day begins with a quarter of an hour: many events share the answer.
    quarters, place = np.unique(np.floor(at_seconds / QUARTER), return_inverse=True)
    local = (datetime.fromtimestamp(quarter * QUARTER, zone) for quarter in quarters.tolist())
    return np.array([moment.weekday() >= 5 for moment in local], dtype=np.bool_)[place]


IntArray = NDArray[np.int64]

SHORT_SUMS = ("activity", "cart_adds")
LONG_SUMS = (
    "purchases",
    "units",
    "spend",
    "list_spend",
    "discounted",
    "rank_sum",
    "rank_weight",
    "orders",
    "weekend_orders",
    "returns",
    "offer_clicks",
)
PLAIN_SUMS = ("order_count",)
SUMS = SHORT_SUMS + LONG_SUMS + PLAIN_SUMS
HIGHS = ("last_at", "last_order_at")
LOWS = ("first_at", "first_order_at")

# How much interest in its variant, category and brand an act shows. A return shows none but takes
# nothing away: every sum may only grow, or a shopper could pay more for having done more.
_INTEREST = {
    "view": 1.0,
    "click": 1.0,
    "review": 1.0,
    "offer_click": 1.0,
    "cart_add": 2.0,
    "purchase": 3.0,
}
_ACTIVE = ("view", "click", "search", "cart_add", "checkout", "review", "offer_click")


def _table(values: dict[str, float]) -> FloatArray:
    return np.array([values.get(kind, 0.0) for kind in KINDS])


INTEREST = _table(_INTEREST)
ACTIVE = _table(dict.fromkeys(_ACTIVE, 1.0))


@dataclass(frozen=True, slots=True)
class EventWeights:
    """What each of n events adds.

    `sums` has shape (n, len(SUMS)); `interest` (n,) is added to the event's variant, category and
    brand; `is_order` (n,) tells which events move the order extremes, `is_seen` (n,) which move
    the extremes of all events. Events about sensitive products are not seen: they add zeros.
    """

    sums: FloatArray
    interest: FloatArray
    is_order: NDArray[np.bool_]
    is_seen: NDArray[np.bool_]


def weigh_events(
    events: EventColumns, zone: ZoneInfo, sensitive: SensitiveProducts
) -> EventWeights:
    """Return what each event adds to its shopper's sums. Pure, row by row, vectorised."""
    is_seen = ~sensitive.hide(events)
    short = weigh(events.at, SHORT_HALF_LIFE)
    long = weigh(events.at, LONG_HALF_LIFE)
    is_purchase = events.kind == KIND_CODES["purchase"]
    is_order = (events.kind == KIND_CODES["order"]) & is_seen
    bought = np.where(is_purchase, long, 0.0)
    ordered = np.where(is_order, long, 0.0)
    ranked = np.where(np.isnan(events.price_rank), 0.0, bought)
    weekend = np.zeros(len(events))
    weekend[is_order] = is_weekend(events.at[is_order], zone)
    columns = {
        "activity": short * ACTIVE[events.kind],
        "cart_adds": np.where(events.kind == KIND_CODES["cart_add"], short, 0.0),
        "purchases": bought,
        "units": bought * events.quantity,
        "spend": bought * events.paid_minor,
        "list_spend": bought * events.list_minor,
        "discounted": bought * events.is_discounted,
        "rank_sum": ranked * np.nan_to_num(events.price_rank),
        "rank_weight": ranked,
        "orders": ordered,
        "weekend_orders": ordered * weekend,
        "returns": np.where(events.kind == KIND_CODES["return"], long, 0.0),
        "offer_clicks": np.where(events.kind == KIND_CODES["offer_click"], long, 0.0),
        "order_count": is_order.astype(float),
    }
    return EventWeights(
        # One column after the other in memory: each is summed by itself.
        sums=np.stack([columns[name] * is_seen for name in SUMS]).T,
        interest=long * INTEREST[events.kind] * is_seen,
        is_order=is_order,
        is_seen=is_seen,
    )


@dataclass(frozen=True, slots=True)
class Increments:
    """What one event adds, sparse: sums by name, interest by id, and the extremes."""

    sums: dict[str, float]
    categories: dict[int, float]
    brands: dict[int, float]
    variants: dict[int, float]
    highs: dict[str, float]
    lows: dict[str, float]


def increments_of(
    events: EventColumns, zone: ZoneInfo, sensitive: SensitiveProducts
) -> list[Increments]:
    """Return the sparse increments of each event, in order: the online form of `weigh_events`."""
    weights = weigh_events(events, zone, sensitive)
    rows = weights.sums.tolist()
    interest = weights.interest.tolist()
    ats = events.at.tolist()
    ids = zip(
        events.variant_id.tolist(),
        events.category_id.tolist(),
        events.brand_id.tolist(),
        strict=True,
    )
    increments = []
    moves = zip(weights.is_seen.tolist(), weights.is_order.tolist(), strict=True)
    for row, value, at, (is_seen, is_order), (variant, category, brand) in zip(
        rows, interest, ats, moves, ids, strict=True
    ):
        highs, lows = ({"last_at": at}, {"first_at": at}) if is_seen else ({}, {})
        if is_order:
            highs["last_order_at"] = lows["first_order_at"] = at
        increments.append(
            Increments(
                sums={name: term for name, term in zip(SUMS, row, strict=True) if term},
                categories={category: value} if value and category != NO_ID else {},
                brands={brand: value} if value and brand != NO_ID else {},
                variants={variant: value} if value and variant != NO_ID else {},
                highs=highs,
                lows=lows,
            )
        )
    return increments


def add_up(changes: Iterable[Increments]) -> Increments:
    """Return what several events add together: sums added, extremes kept."""
    total = Increments(sums={}, categories={}, brands={}, variants={}, highs={}, lows={})
    for change in changes:
        _add(total.sums, change.sums)
        _add(total.categories, change.categories)
        _add(total.brands, change.brands)
        _add(total.variants, change.variants)
        for name, value in change.highs.items():
            total.highs[name] = max(total.highs.get(name, value), value)
        for name, value in change.lows.items():
            total.lows[name] = min(total.lows.get(name, value), value)
    return total


def _add[Key](total: dict[Key, float], more: dict[Key, float]) -> None:
    for key, value in more.items():
        total[key] = total.get(key, 0.0) + value


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


@dataclass(frozen=True, slots=True, eq=False)
class _Interests:
    """Interest that events show in things, in the order of shopper and thing."""

    row: IntArray
    id: IntArray
    value: FloatArray
    at: FloatArray

    @staticmethod
    def of(rows: IntArray, ids: IntArray, interest: FloatArray, at: FloatArray) -> _Interests:
        shown = np.flatnonzero((interest > 0) & (ids != NO_ID))
        order = shown[np.lexsort((ids[shown], rows[shown]))]
        return _Interests(row=rows[order], id=ids[order], value=interest[order], at=at[order])

    def sum_until(self, moment: float) -> AffinityTable:
        past = np.flatnonzero(self.at <= moment)
        rows, ids, interest = self.row[past], self.id[past], self.value[past]
        if not len(rows):
            return AffinityTable(row=rows, id=ids, value=interest)
        is_first = np.r_[True, (rows[1:] != rows[:-1]) | (ids[1:] != ids[:-1])]
        starts = np.flatnonzero(is_first)
        return AffinityTable(
            row=rows[starts], id=ids[starts], value=np.add.reduceat(interest, starts)
        )


@dataclass(frozen=True, slots=True, eq=False)
class WeighedEvents:
    """Events of `shopper_count` shoppers, weighed and put in order once, summed as of any moment.

    Event i happened at `at[i]` and belongs to shopper `rows[i]`.
    """

    at: FloatArray
    rows: IntArray
    shopper_count: int
    weights: EventWeights
    categories: _Interests
    brands: _Interests
    variants: _Interests

    @staticmethod
    def of(
        events: EventColumns,
        rows: IntArray,
        shopper_count: int,
        zone: ZoneInfo,
        sensitive: SensitiveProducts,
    ) -> WeighedEvents:
        """Weigh events; event i belongs to shopper `rows[i]`."""
        weights = weigh_events(events, zone, sensitive)
        categories, brands, variants = (
            _Interests.of(rows, ids, weights.interest, events.at)
            for ids in (events.category_id, events.brand_id, events.variant_id)
        )
        return WeighedEvents(events.at, rows, shopper_count, weights, categories, brands, variants)

    def sum_until(self, moment: float) -> AccumulatorTable:
        """Return the sums of events at or before a Unix time in seconds.

        Equals adding the increments of every event one by one, up to rounding (about 1e-13).
        """
        past = self.at <= moment
        # What is later adds zero: the terms keep their order, so the sums keep their bits.
        sums = np.stack(
            [
                np.bincount(self.rows, weights=terms * past, minlength=self.shopper_count)
                for terms in self.weights.sums.T
            ],
            axis=1,
        )
        highs = np.full((self.shopper_count, len(HIGHS)), -np.inf)
        lows = np.full((self.shopper_count, len(LOWS)), np.inf)
        for column, moving in enumerate((self.weights.is_seen, self.weights.is_order)):
            moved = past & moving
            np.maximum.at(highs[:, column], self.rows[moved], self.at[moved])
            np.minimum.at(lows[:, column], self.rows[moved], self.at[moved])
        return AccumulatorTable(
            sums=sums,
            highs=highs,
            lows=lows,
            categories=self.categories.sum_until(moment),
            brands=self.brands.sum_until(moment),
            variants=self.variants.sum_until(moment),
        )


def sum_events(
    events: EventColumns,
    rows: IntArray,
    shopper_count: int,
    zone: ZoneInfo,
    sensitive: SensitiveProducts,
) -> AccumulatorTable:
    """Return the sums of `shopper_count` shoppers; event i belongs to shopper `rows[i]`."""
    return WeighedEvents.of(events, rows, shopper_count, zone, sensitive).sum_until(np.inf)


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
