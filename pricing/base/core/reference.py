"""Reference prices: what "was" may stand beside a reduced price, by four legal strategies.

The window ends where the reduction starts, not today. A reduction is the unbroken run of falling
public prices that ends with the price now; if the price last moved up, nothing is reduced. Times
are seconds since 1970, amounts minor units, m variants in one go.

Sources: Directive 98/6/EC Art. 6a and CJEU C-330/23 (lowest offered in 30 days), SAMR Order 56
(lowest paid in 7 days), the 90-day median paid of large US shops, CMA v Emma Sleep (real volume).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.base.core.values import BoolArray, FloatArray, IntArray

DAY = 86_400
STRATEGIES = (
    "eu_low30_offered_before_start",
    "cn_low7_paid",
    "median90_paid",
    "uk_volume_share",
)
# The last price paid before the window counts where none was paid in it: this one looks far back.
LOOKS_BACK = frozenset({"cn_low7_paid"})
REASONS = ("", "no_reduction", "no_history", "not_below", "list_not_genuine")
MIN_LIST_SHARE = 0.20
_SHIFT = 33


@dataclass(frozen=True, slots=True)
class PriceSeries:
    """The public-price ledger of m variants: rows of variant i are offsets[i]:offsets[i + 1].

    `start` ascends within a variant; each amount holds until the next start.
    """

    offsets: IntArray
    start: IntArray
    amount: IntArray


@dataclass(frozen=True, slots=True)
class PaidRows:
    """What was really paid: `variant` is a position 0..m-1, `at` a moment, `minor` per unit."""

    variant: IntArray
    at: IntArray
    minor: IntArray
    units: IntArray


@dataclass(frozen=True, slots=True)
class References:
    """One strategy's answer for m variants: the "was" amount (0: none) and why none (REASONS)."""

    amount: IntArray
    reason: IntArray


@dataclass(frozen=True, slots=True)
class Reductions:
    """Where the reduction of each variant began: `row` of the series (-1: none) and its moment."""

    row: IntArray
    start: IntArray
    is_reduced: BoolArray
    current: IntArray


def find_reductions(series: PriceSeries, now: int) -> Reductions:
    """Return the running reduction of each variant at `now`.

    >>> series = PriceSeries(np.array([0, 3]), np.array([0, 50, 60]), np.array([400, 390, 380]))
    >>> found = find_reductions(series, 70)
    >>> found.row.tolist(), found.start.tolist(), found.current.tolist()
    ([1], [50], [380])
    """
    m = len(series.offsets) - 1
    first = series.offsets[:-1]
    here = _last_row_at(series, np.full(m, now, dtype=np.int64))
    has_price = here >= first
    safe = np.where(has_price, here, 0)
    falls = np.zeros(len(series.amount), dtype=np.bool_)
    falls[1:] = series.amount[1:] < series.amount[:-1]
    falls[first[first < len(falls)]] = False
    rows = np.arange(len(falls), dtype=np.int64)
    last_steady = np.maximum.accumulate(np.where(falls, -1, rows)) if len(rows) else rows
    if not len(rows):
        none = np.full(m, -1, dtype=np.int64)
        return Reductions(none, none, np.zeros(m, dtype=np.bool_), np.zeros(m, dtype=np.int64))
    is_reduced = has_price & falls[safe]
    row = np.where(is_reduced, last_steady[safe] + 1, -1)
    start = np.where(is_reduced, series.start[np.maximum(row, 0)], -1)
    current = np.where(has_price, series.amount[safe], 0)
    return Reductions(row=row, start=start, is_reduced=is_reduced, current=current)


def lowest_offered(series: PriceSeries, reductions: Reductions, days: int) -> IntArray:
    """Return the lowest public price in the `days` before each reduction; 0 without full history.

    The price that held when the window opened counts, though it began before.
    """
    opens = reductions.start - days * DAY
    begin = _last_row_at(series, opens)
    is_known = reductions.is_reduced & (begin >= series.offsets[:-1])
    low = np.zeros(len(opens), dtype=np.int64)
    if is_known.any():
        edges = np.stack([begin[is_known], reductions.row[is_known]], axis=1).ravel()
        low[is_known] = np.minimum.reduceat(series.amount, edges)[::2]
    return low


def reference_before(series: PriceSeries, paid: PaidRows, starts: int, strategy: str) -> IntArray:
    """Return what "was" may name if a reduction of every variant began at `starts`, (m,).

    The windows are those of `find_references`. Where nothing was paid in one, or products are newer
    than it, the lowest price offered since they came counts; 0 for products without any price.

    >>> series = PriceSeries(np.array([0, 2]), np.array([0, 60 * DAY]), np.array([400, 350]))
    >>> nothing = PaidRows(*(np.array([], dtype=np.int64) for _ in range(4)))
    >>> low30, start = "eu_low30_offered_before_start", 70 * DAY
    >>> reference_before(series, nothing, start, low30).tolist()
    [350]
    """
    m = len(series.offsets) - 1
    begins = np.full(m, starts, dtype=np.int64)
    planned = Reductions(
        row=np.full(m, -1, dtype=np.int64),
        start=begins,
        is_reduced=np.ones(m, dtype=np.bool_),
        current=np.zeros(m, dtype=np.int64),
    )
    days = {"cn_low7_paid": 7, "median90_paid": 90}.get(strategy, 30)
    offered = lowest_between(series, begins - days * DAY, begins - 1)
    if strategy == "cn_low7_paid":
        known = _lowest_paid(paid, planned, days)
    elif strategy == "median90_paid":
        known = _median_paid(paid, planned, days)
    else:
        return offered
    return np.where(known > 0, known, offered)


def lowest_between(series: PriceSeries, since: IntArray, until: IntArray) -> IntArray:
    """Return the lowest public price of each variant in [since, until], (m,); 0 if none held.

    The price that held at `since` counts; a variant whose ledger begins later is judged from there.

    >>> series = PriceSeries(np.array([0, 2]), np.array([0, 50]), np.array([400, 380]))
    >>> [int(lowest_between(series, np.array([10]), np.array([at]))[0]) for at in (20, 60)]
    [400, 380]
    """
    first = np.maximum(_last_row_at(series, since), series.offsets[:-1])
    last = _last_row_at(series, until)
    is_known = last >= first
    low = np.zeros(len(since), dtype=np.int64)
    if is_known.any():
        edges = np.stack([first[is_known], last[is_known] + 1], axis=1).ravel()
        # One more element, so that the last edge may lie behind the last row.
        padded = np.append(series.amount, np.iinfo(np.int64).max)
        low[is_known] = np.minimum.reduceat(padded, edges)[::2]
    return low


def list_share(paid: PaidRows, list_minor: IntArray, now: int, days: int = 90) -> FloatArray:
    """Return the share of units of the last `days` really sold at list price or above, (m,).

    NaN where nothing was sold. This is the gauge of a genuine list price.
    """
    m = len(list_minor)
    recent = (paid.at >= now - days * DAY) & (paid.at < now)
    at_list = recent & (paid.minor >= list_minor[paid.variant])
    total = np.bincount(paid.variant[recent], paid.units[recent], m)
    full = np.bincount(paid.variant[at_list], paid.units[at_list], m)
    return np.where(total > 0, full / np.where(total > 0, total, 1.0), np.nan)


def find_references(
    series: PriceSeries,
    paid: PaidRows,
    list_minor: IntArray,
    now: int,
    offered: PriceSeries | None = None,
) -> dict[str, References]:
    """Return the references of m variants at `now` by strategy.

    `offered` is the ledger less public offers, which lower the "was" but do not begin a
    reduction of the public price. A reference stands only if a reduction runs, the price now is
    below it, and at least MIN_LIST_SHARE of the units of 90 days really sold at list.

    >>> series = PriceSeries(np.array([0, 2]), np.array([0, 60 * DAY]), np.array([400, 350]))
    >>> paid = PaidRows(*(np.array([v]) for v in (0, 59 * DAY, 400, 2)))
    >>> found = find_references(series, paid, np.array([400]), 61 * DAY)
    >>> [int(found[name].amount[0]) for name in STRATEGIES]
    [400, 400, 400, 400]
    """
    reductions = find_reductions(series, now)
    low30 = lowest_offered(series, reductions, 30)
    if offered is not None:
        since, until = reductions.start - 30 * DAY, reductions.start - 1
        low30 = np.where(low30 > 0, np.minimum(low30, lowest_between(offered, since, until)), 0)
    share = list_share(paid, list_minor, now)
    is_genuine = np.nan_to_num(share) >= MIN_LIST_SHARE
    amounts = (
        low30,
        _lowest_paid(paid, reductions, 7),
        _median_paid(paid, reductions, 90),
        np.where(_volume_share(paid, reductions, low30, 90) >= MIN_LIST_SHARE, low30, 0),
    )
    return {
        name: _judge(amount, reductions, is_genuine)
        for name, amount in zip(STRATEGIES, amounts, strict=True)
    }


def _judge(amount: IntArray, reductions: Reductions, is_genuine: BoolArray) -> References:
    reason = np.select(
        [
            ~reductions.is_reduced,
            amount <= 0,
            amount <= reductions.current,
            ~is_genuine,
        ],
        [1, 2, 3, 4],
        0,
    )
    return References(amount=np.where(reason == 0, amount, 0), reason=reason)


def _last_row_at(series: PriceSeries, moment: IntArray) -> IntArray:
    """Return the last row of each variant that began at or before its `moment` (m,); before the
    variant's first row if there is none."""
    m = len(series.offsets) - 1
    owner = np.repeat(np.arange(m, dtype=np.int64), np.diff(series.offsets))
    keys = (owner << _SHIFT) + series.start
    wanted = (np.arange(m, dtype=np.int64) << _SHIFT) + np.maximum(moment, 0)
    rows = np.searchsorted(keys, wanted, side="right") - 1
    return np.where(moment < 0, series.offsets[:-1] - 1, rows)


def _window(paid: PaidRows, reductions: Reductions, days: int) -> BoolArray:
    start = reductions.start[paid.variant]
    inside: BoolArray = (
        reductions.is_reduced[paid.variant]
        & (paid.at >= start - days * DAY)
        & (paid.at < start)
        & (paid.units > 0)
    )
    return inside


def _lowest_paid(paid: PaidRows, reductions: Reductions, days: int) -> IntArray:
    """Return the lowest price paid in the window; without a sale in it, the last one before."""
    m = len(reductions.row)
    inside = _window(paid, reductions, days)
    none = np.iinfo(np.int64).max
    low = np.full(m, none, dtype=np.int64)
    np.minimum.at(low, paid.variant[inside], paid.minor[inside])
    before = reductions.is_reduced[paid.variant] & (paid.at < reductions.start[paid.variant])
    # Ascending by time, then by falling price: the last write of each variant is the latest sale,
    # the cheapest of its moment.
    order = np.flatnonzero(before)
    order = order[np.lexsort((-paid.minor[order], paid.at[order]))]
    last = np.zeros(m, dtype=np.int64)
    last[paid.variant[order]] = paid.minor[order]
    return np.where(low < none, low, last)


def _median_paid(paid: PaidRows, reductions: Reductions, days: int) -> IntArray:
    """Return the lower median of the prices paid in the window, each unit counted once."""
    m = len(reductions.row)
    rows = np.flatnonzero(_window(paid, reductions, days))
    rows = rows[np.lexsort((paid.minor[rows], paid.variant[rows]))]
    variant, units = paid.variant[rows], paid.units[rows]
    total = np.bincount(variant, units, m).astype(np.int64)
    before = np.cumsum(np.concatenate([[0], total]))[:-1]
    reached = np.cumsum(units) - before[variant]
    is_half = reached * 2 >= total[variant]
    median = np.zeros(m, dtype=np.int64)
    # Reversed, so that the first row that reaches the half writes last.
    half = rows[is_half][::-1]
    median[paid.variant[half]] = paid.minor[half]
    return median


def _volume_share(
    paid: PaidRows, reductions: Reductions, reference: IntArray, days: int
) -> FloatArray:
    m = len(reductions.row)
    inside = _window(paid, reductions, days)
    at_reference = inside & (paid.minor >= reference[paid.variant])
    total = np.bincount(paid.variant[inside], paid.units[inside], m)
    full = np.bincount(paid.variant[at_reference], paid.units[at_reference], m)
    return np.where(total > 0, full / np.where(total > 0, total, 1.0), 0.0)
