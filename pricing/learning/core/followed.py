"""Exclusion of prices that followed demand: they identify no slope.

A merchant who raises what sells well and cuts what does not sells at high prices as much as at low
ones: a fit takes that for shoppers who mind no price. Where chance moves prices the fit can tell
the two apart; before chance moved any, time can. Demand that lasts shows twice: in what a day sold
at its price, and in the next day's price. Nobody who sets prices by a plan, by cost or by lot knows
what a day sold beyond expectation.
"""

from __future__ import annotations

import numpy as np

from pricing.base.core.arrays import BoolArray, FloatArray, IntArray
from pricing.demand.core.choice import Impressions

# Standard errors by which prices must have followed what the day before sold; prices that did not
# follow it pass this once in forty shops.
FOLLOWED = 2.0
FEWEST_DAYS = 30  # pairs of days of goods, so that a standard error is one


def forget_followed(seen: Impressions, by_hand: BoolArray) -> Impressions:
    """Return the impressions without the sets `by_hand` (T,), whose prices people set, if these
    followed demand.

    >>> day = np.repeat(np.arange(60), 2)
    >>> drawn = np.random.default_rng(0).normal(size=62)
    >>> today, tomorrow = drawn[day], drawn[day + 1]
    >>> seen = Impressions.of(
    ...     set_id=np.arange(120), item=np.tile([4, 5], 60), category=np.full(120, 7),
    ...     family=np.full(120, 3), log_price=0.05 * today, weight=np.full(120, 1e3),
    ...     bought=np.round(50.0 * np.exp(0.3 * (today + tomorrow))), day=day,
    ... )
    >>> forget_followed(seen, day < 50.0).sets, forget_followed(seen, day < 0.0).sets
    (20, 120)
    """
    if find_following(seen, by_hand[seen.set_of]) < FOLLOWED:
        return seen
    return seen.take_sets(~by_hand)


def find_following(seen: Impressions, rows: BoolArray) -> float:
    """Return by how many standard errors prices of `rows` (n,) followed what the day before sold
    beyond a good's mean: the t of that in a regression of a good's price on it and on its price of
    the day before. 0 where too little is known."""
    item, day, cell = _find_cells(seen, rows)
    weight = seen.weight[seen.set_of[rows]]
    count = len(item)
    visits = np.bincount(cell, weight, count)
    price = np.bincount(cell, weight * seen.log_price[rows], count) / np.maximum(visits, 1e-300)
    sold = np.bincount(cell, seen.bought[rows], count)
    share = np.bincount(item, sold)[item] / np.maximum(np.bincount(item, visits), 1e-300)[item]
    beyond = (sold - visits * share) / np.sqrt(np.maximum(visits * share, 1e-9))
    next_day = np.flatnonzero((np.diff(item) == 0) & (np.diff(day) == 1.0))
    if len(next_day) < FEWEST_DAYS:
        return 0.0
    group = np.unique(item[next_day], return_inverse=True)[1]
    columns = np.stack([price[next_day + 1], beyond[next_day], price[next_day]], axis=1)
    y, *x = _centre(columns, group).T
    return _t_of_first(y, np.stack(x, axis=1), len(np.unique(group)))


def _find_cells(seen: Impressions, rows: BoolArray) -> tuple[IntArray, FloatArray, IntArray]:
    """Return goods (c,) and days (c,), ordered, and the cell of each of the rows."""
    pairs = np.stack([seen.item[rows], np.floor(seen.day[seen.set_of[rows]])], axis=1)
    found, cell = np.unique(pairs, axis=0, return_inverse=True)
    at = np.unique(found[:, 0], return_inverse=True)[1] if len(found) else np.zeros(0, np.int64)
    return at, found[:, 1], cell.ravel()


def _centre(columns: FloatArray, group: IntArray) -> FloatArray:
    """Return columns (n, k) less the means of their group."""
    size = np.bincount(group)
    means = np.stack([np.bincount(group, one) / size for one in columns.T], axis=1)
    centred: FloatArray = columns - means[group]
    return centred


def _t_of_first(y: FloatArray, x: FloatArray, groups: int) -> float:
    """Return the t of the first column of `x` in a least-squares fit to `y`, means taken out."""
    square = x.T @ x
    free = len(y) - groups - x.shape[1]
    if free < 1 or np.linalg.matrix_rank(square) < len(square):
        return 0.0
    inverse = np.linalg.inv(square)
    told = inverse @ (x.T @ y)
    rest = float(((y - x @ told) ** 2).sum()) / free
    return float(told[0] / np.sqrt(max(rest * inverse[0, 0], 1e-300)))
