"""Dense cells for training: items by weeks, from sparse sales, price changes and placements."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.base.core.reference import PriceSeries
from pricing.base.core.values import FloatArray, IntArray

MIN_UNITS = 30
MIN_WEEKS_SOLD = 8
# A young shop has no eight weeks: half of its weeks will do, two at least.
LEAST_WEEKS_SOLD = 2
# An item not sold for so long is taken as gone from the shelf, not as unwanted at its price.
GONE_AFTER_WEEKS = 6
# A week of which less than a day could sell says too little to be blown up to a whole one.
LEAST_AVAILABLE = 1 / 7
WEEK_SECONDS = 604_800.0


@dataclass(frozen=True, slots=True)
class Sales:
    """Weekly sales (n,): item position, week number 0..W-1, units, revenue in minor units."""

    item: IntArray
    week: IntArray
    units: FloatArray
    revenue_minor: FloatArray


@dataclass(frozen=True, slots=True)
class Placements:
    """Where items stood out (n,): item position, week number, display and mailer share."""

    item: IntArray
    week: IntArray
    display: FloatArray
    mailer: FloatArray


def choose_items(
    variant_id: IntArray, units: FloatArray, weeks_sold: IntArray, most: int
) -> IntArray:
    """Return positions of the variants worth a model of their own, ascending.

    Those with MIN_UNITS units in MIN_WEEKS_SOLD weeks; of more than `most` the best sold. While the
    shop is young (nothing was sold in twice as many weeks yet) half of its weeks are enough: the
    hierarchy holds what they leave open, and without a model nothing that was sold is looked at.

    >>> units, weeks_sold = np.array([100.0, 3.0, 40.0]), np.array([20, 3, 6])
    >>> choose_items(np.array([5, 6, 7]), units, weeks_sold, 10).tolist()
    [0]
    >>> choose_items(np.array([5, 6, 7]), units, np.array([3, 3, 2]), 10).tolist()
    [0, 2]
    """
    age = int(weeks_sold.max(initial=0))
    least = min(MIN_WEEKS_SOLD, max(LEAST_WEEKS_SOLD, age // 2))
    good = np.flatnonzero((units >= MIN_UNITS) & (weeks_sold >= least))
    if len(good) > most:
        best = np.argsort(-units[good], kind="stable")[:most]
        good = np.sort(good[best])
    return good


def units_matrix(sales: Sales, items: int, weeks: int) -> tuple[FloatArray, FloatArray]:
    """Return units and on-sale weights, both (items, weeks).

    A week counts from the item's first sale to GONE_AFTER_WEEKS after its last.

    >>> sales = Sales(np.array([0]), np.array([1]), np.array([3.0]), np.array([900.0]))
    >>> units, on_sale = units_matrix(sales, 1, 3)
    >>> units.tolist(), on_sale.tolist()
    ([[0.0, 3.0, 0.0]], [[0.0, 1.0, 1.0]])
    """
    units = np.zeros((items, weeks))
    np.add.at(units, (sales.item, sales.week), sales.units)
    sold = units > 0
    first = np.where(sold.any(axis=1), sold.argmax(axis=1), weeks)
    last = weeks - 1 - sold[:, ::-1].argmax(axis=1)
    number = np.arange(weeks)[None, :]
    on_sale = (number >= first[:, None]) & (number <= last[:, None] + GONE_AFTER_WEEKS)
    return units, on_sale.astype(np.float64)


def unconstrain_units(
    units: FloatArray, on_sale: FloatArray, available: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return units as whole weeks would have sold them and the weights they have then, (N, W).

    Sales of a week in which pieces lay there for the share `available` (N, W) are a Poisson count
    of mean s m: its log-likelihood, y log(m) - s m, is that of y / s units with weight s. Without
    it demand is taken to be what stock let through, the less the more often products run out
    (Talluri, van Ryzin, The Theory and Practice of Revenue Management 2004, sec. 9.4). Weeks of
    less than LEAST_AVAILABLE have no weight, unless they sold: then pieces lay there that nobody
    wrote down, and the week counts as it stands.

    >>> units, weight = np.array([[6.0, 2.0, 0.0, 4.0]]), np.ones((1, 4))
    >>> told, kept = unconstrain_units(units, weight, np.array([[1.0, 0.5, 0.1, 0.0]]))
    >>> told.tolist(), kept.tolist()
    ([[6.0, 4.0, 0.0, 4.0]], [[1.0, 0.5, 0.0, 1.0]])
    """
    is_told = available >= LEAST_AVAILABLE
    share = np.where(is_told, available, np.where(units > 0.0, 1.0, 0.0))
    told: FloatArray = units / np.where(share > 0.0, share, 1.0)
    return told, on_sale * share


def price_matrix(series: PriceSeries, sales: Sales, middle: IntArray) -> FloatArray:
    """Return the price of each item in each week (items, W) in minor units.

    The ledger's mean over the week by time: where a price moves within weeks, one moment of it says
    little, and demand would look as if nobody minded the price. Weeks are equally long, `middle`
    (W,) their middles in Unix seconds. Weeks that the ledger knows less than half of, and items
    without one, have the price achieved, carried forward, then backward.

    >>> series = PriceSeries(np.array([0, 2]), np.array([10, 25]), np.array([400, 300]))
    >>> sales = Sales(np.array([0]), np.array([0]), np.array([2.0]), np.array([700.0]))
    >>> price_matrix(series, sales, np.array([5, 15, 25])).tolist()
    [[350.0, 400.0, 350.0]]
    """
    price = _mean_prices(series, middle)
    price = np.where(np.isnan(price), _achieved(sales, *price.shape), price)
    price = _carry_forward(price)
    return _carry_forward(price[:, ::-1])[:, ::-1]


def _mean_prices(series: PriceSeries, middle: IntArray) -> FloatArray:
    """Return means over time of the ledger (items, W), NaN where it covers less than half a week.

    A week's sum is the price it begins with times its length, plus each change times what is left
    of the week after it.
    """
    items, weeks = len(series.offsets) - 1, len(middle)
    length = float(middle[1] - middle[0]) if weeks > 1 else WEEK_SECONDS
    begin = middle - 0.5 * length
    owner = np.repeat(np.arange(items), np.diff(series.offsets))
    opening = np.full((items, weeks), np.nan)
    first = np.searchsorted(begin, series.start, side="left")
    inside = first < weeks
    # Rows ascend in time within an item, so the last entry before a week is written last.
    opening[owner[inside], first[inside]] = series.amount[inside]
    opening = _carry_forward(opening)
    week = np.searchsorted(begin, series.start, side="right") - 1
    left = begin[np.maximum(week, 0)] + length - series.start
    within = np.flatnonzero((week >= 0) & (left > 0.0) & (left < length))
    is_first = np.ones(len(owner), dtype=np.bool_)
    is_first[1:] = owner[1:] != owner[:-1]
    before = np.where(is_first, 0, np.concatenate([[0], series.amount[:-1]]))
    sums, known = np.zeros((items, weeks)), np.zeros((items, weeks))
    at = (owner[within], week[within])
    np.add.at(sums, at, ((series.amount - before) * left)[within])
    np.add.at(known, at, np.where(is_first, left, 0.0)[within])
    is_open = np.isfinite(opening)
    sums += np.where(is_open, opening, 0.0) * length
    known = np.where(is_open, length, known)
    return np.where(known >= 0.5 * length, sums / np.maximum(known, 1.0), np.nan)


def placement_matrices(
    placements: Placements, items: int, weeks: int
) -> tuple[FloatArray, FloatArray]:
    """Return display and mailer shares, both (items, weeks); 0 where nothing is known."""
    display, mailer = np.zeros((items, weeks)), np.zeros((items, weeks))
    display[placements.item, placements.week] = placements.display
    mailer[placements.item, placements.week] = placements.mailer
    return display, mailer


def competitor_matrix(
    item: IntArray, week: IntArray, price_minor: FloatArray, *, items: int, weeks: int
) -> FloatArray:
    """Return log(competitor's price / its usual one), (items, weeks): 0 where nothing is known.

    `item`, `week` and `price_minor` (n,) are words of competitors; the usual price is the median of
    an item's words. A word holds until the next one.

    >>> competitor_matrix(
    ...     np.array([0, 0, 0]), np.array([1, 2, 4]), np.array([4.0, 4.0, 2.0]), items=2, weeks=5
    ... ).round(4).tolist()
    [[0.0, 0.0, 0.0, 0.0, -0.6931], [0.0, 0.0, 0.0, 0.0, 0.0]]
    """
    said = np.full((items, weeks), np.nan)
    said[item, week] = np.log(price_minor)
    usual = np.zeros(items)
    known = ~np.isnan(said).all(axis=1)
    usual[known] = np.nanmedian(said[known], axis=1)
    return np.nan_to_num(_carry_forward(said) - usual[:, None], nan=0.0)


def _achieved(sales: Sales, items: int, weeks: int) -> FloatArray:
    units, revenue = np.zeros((items, weeks)), np.zeros((items, weeks))
    np.add.at(units, (sales.item, sales.week), sales.units)
    np.add.at(revenue, (sales.item, sales.week), sales.revenue_minor)
    is_sold = (units > 0) & (revenue > 0)
    return np.where(is_sold, revenue / np.where(is_sold, units, 1.0), np.nan)


def _carry_forward(price: FloatArray) -> FloatArray:
    number = np.arange(price.shape[1])[None, :]
    last = np.maximum.accumulate(np.where(np.isnan(price), -1, number), axis=1)
    rows = np.arange(len(price))[:, None]
    return np.where(last >= 0, price[rows, np.maximum(last, 0)], np.nan)
