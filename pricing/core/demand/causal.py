"""Price response cleaned of what moved prices and demand together: residuals and random shocks.

    from pricing.core.demand import residualized_elasticity, shock_debias

Prices follow demand, so a forecaster's price slope is not what a price change would do. Two steps
repair it: residuals of sales and price against everything known before (double machine learning),
and prices that were moved by a logged draw (shocks), which show how wrong the first step still is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge

from pricing.core.arrays import FloatArray, IntArray
from pricing.core.demand.frames import (
    Coding,
    Frame,
    count_rows,
    has_column,
    read_labels,
    read_matrix,
    read_numbers,
)

# A column that follows the shock so closely as a control would take the clean variation away.
SHOCK_IN_DISGUISE = 0.98
FEWEST_WEEKS = 6


@dataclass(frozen=True, slots=True)
class Residuals:
    """Sales and price of item-weeks less what was expected of them, both (n,), with their labels.

    `shock` (n,) is the randomised part of the log price, 0 where nothing was drawn; `instruments`
    (n, J) are residuals of what else moved the price, such as the cost. `draw` (n,) says whose coin
    a shock was (-1: its own, 0: none to count); without it each shock is a draw of its own.
    """

    sales: FloatArray
    price: FloatArray
    shock: FloatArray
    instruments: FloatArray
    item: IntArray
    items: Any
    category: IntArray
    categories: Any
    draw: IntArray | None = None


@dataclass(frozen=True, slots=True)
class SlopePairs:
    """Two slopes of each item (N, 2): against the observed price, and against the shock alone.

    `slope[:, 0]` is observational (biased where prices follow demand), `slope[:, 1]` randomised;
    `covariance` (N, 2, 2) is that of their errors (0 between: the shock's part is orthogonal to the
    price's); `shocks` (N,) counts randomised weeks, `draws` (C,) the draws of a category. An item
    without shocks has an unbounded variance in the second place.
    """

    slope: FloatArray
    covariance: FloatArray
    shocks: IntArray
    draws: IntArray
    category: IntArray
    items: Any
    categories: Any


def boosted_nuisance(random_state: int = 0) -> Any:
    """Return a regressor for nuisances that are not linear: boosted trees, slower than ridge."""
    return HistGradientBoostingRegressor(
        max_iter=80, learning_rate=0.1, max_leaf_nodes=15, random_state=random_state
    )


def ridge_nuisance() -> Any:
    """Return the default regressor for nuisances."""
    return Ridge(alpha=1.0)


def find_residuals(
    frame: Frame,
    *,
    controls: Sequence[str],
    instruments: Sequence[str] = (),
    folds: int = 6,
    gap: int = 1,
    nuisance: Callable[[], Any] = ridge_nuisance,
) -> Residuals:
    """Return residuals of log sales and log price, each week predicted from other times only.

    Weeks are cut into `folds` blocks; a block is predicted by models that saw neither it nor `gap`
    weeks on either side, so shocks that linger do not leak (Semenova, Goldman, Chernozhukov and
    Taddy 2023, Quantitative Economics 14, 471-510). Columns: `item`, `week`, `log_sales`,
    `log_price`, optional `category`, `shock` and `draw`, and the `controls`. What moves the price
    but not demand (cost, competitor's cost, the shock) is clean variation, so it belongs in
    `instruments`: it never explains the price. Raises ValueError if a control is one of them.
    """
    rows = count_rows(frame, "item")
    shock = read_numbers(frame, "shock", rows, 0.0)
    features = read_matrix(frame, controls, rows)
    _refuse_instruments(controls, instruments, features, shock)
    items = Coding.learn(frame["item"])
    categories = Coding.learn(read_labels(frame, "category", rows))
    number = items.encode(frame["item"])
    own = np.zeros(len(items), dtype=np.int64)
    own[number] = categories.encode(read_labels(frame, "category", rows))
    both = read_matrix(frame, ("log_sales", "log_price", *instruments), rows)
    week = read_numbers(frame, "week", rows)
    residual = np.empty_like(both)
    for test, train in split_by_time(week, folds, gap):
        residual[test] = _predict_out(both, features, number, (test, train), nuisance)
    return Residuals(
        sales=residual[:, 0],
        price=residual[:, 1],
        shock=shock,
        instruments=residual[:, 2:],
        item=number,
        items=items.labels,
        category=own,
        categories=categories.labels,
        draw=np.asarray(frame["draw"]) if has_column(frame, "draw") else None,
    )


def split_by_time(week: FloatArray, folds: int, gap: int) -> list[tuple[IntArray, IntArray]]:
    """Return (test, train) rows of consecutive blocks of weeks, `gap` weeks around them left out.

    >>> [(test.tolist(), train.tolist()) for test, train in split_by_time(np.arange(6.0), 2, 1)]
    [([0, 1, 2], [4, 5]), ([3, 4, 5], [0, 1])]
    """
    weeks = np.unique(week)
    if len(weeks) < max(FEWEST_WEEKS, folds):
        raise ValueError(f"{len(weeks)} weeks are too few to be cut into {folds} blocks")
    found = []
    for block in np.array_split(weeks, folds):
        test = (week >= block[0]) & (week <= block[-1])
        near = (week >= block[0] - gap) & (week <= block[-1] + gap)
        found.append((np.flatnonzero(test), np.flatnonzero(~near)))
    return found


def residualized_elasticity(frame: Frame, **settings: Any) -> SlopePairs:
    """Return each item's slope of residual sales on residual price, observed and randomised.

    Settings are those of `find_residuals`. The first slope is double machine learning's: sales
    residual on price residual less shock (Chernozhukov et al. 2018, Econometrics J. 21, C1-C68);
    it inherits what still moves price and demand together. The second is that on the shock, with
    the unshocked price and the instruments beside it: clean, because the shock was drawn, and
    sharper, because given its cost a price betrays the demand it followed.

    >>> rng = np.random.default_rng(0)
    >>> week, item = np.tile(np.arange(60.0), 20), np.repeat(np.arange(20), 60)
    >>> price, shock = rng.normal(0, 0.1, 1200), rng.choice([-0.06, 0.06], 1200)
    >>> sales = -2.0 * (price + shock) + rng.normal(0, 0.1, 1200)
    >>> pairs = residualized_elasticity(
    ...     {"item": item, "week": week, "log_sales": sales, "log_price": price + shock,
    ...      "shock": shock, "noise": rng.normal(size=1200)}, controls=["noise"])
    >>> pairs.slope.mean(axis=0).round(1).tolist()
    [-2.0, -2.0]
    """
    return slope_pairs(find_residuals(frame, **settings))


def slope_pairs(residuals: Residuals) -> SlopePairs:
    """Return `residualized_elasticity`'s slopes from residuals at hand."""
    shock, count = residuals.shock, len(residuals.items)
    rows = np.bincount(residuals.item, minlength=count)
    observed = (residuals.price - shock)[:, None]
    known = np.concatenate([observed, residuals.instruments, shock[:, None]], axis=1)
    slope, variance = np.empty((count, 2)), np.zeros((count, 2, 2))
    for at, design in enumerate((observed, known)):
        slope[:, at], variance[:, at, at] = _last_slope(
            _centre(design, residuals.item, rows),
            _centre(residuals.sales[:, None], residuals.item, rows)[:, 0],
            residuals.item,
            rows,
        )
    draws, weeks = count_draws(residuals)
    # Goods that share a coin share what else happened to them: as if they were one (Moulton 1986).
    variance[:, 1, 1] *= np.maximum(weeks / np.maximum(draws, 1), 1.0)[residuals.category]
    return SlopePairs(
        slope=slope,
        covariance=variance,
        shocks=np.bincount(residuals.item, shock != 0, count).astype(np.int64),
        draws=draws,
        category=residuals.category,
        items=residuals.items,
        categories=residuals.categories,
    )


def count_draws(residuals: Residuals) -> tuple[IntArray, IntArray]:
    """Return independent draws and randomised item-weeks of each category, (C,): what shares a coin
    was drawn once."""
    count = len(residuals.categories)
    at = np.flatnonzero(residuals.shock != 0)
    category = residuals.category[residuals.item[at]]
    weeks = np.bincount(category, minlength=count).astype(np.int64)
    if residuals.draw is None:
        return weeks, weeks
    draw = residuals.draw[at].astype(np.int64)
    own = np.bincount(category[draw < 0], minlength=count)
    shared = np.unique(np.stack([category, draw], axis=1)[draw > 0], axis=0)[:, 0]
    return (own + np.bincount(shared, minlength=count)).astype(np.int64), weeks


def _last_slope(
    design: FloatArray, sales: FloatArray, item: IntArray, rows: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Return each item's least-squares slope on the last column and its variance, both (N,)."""
    count, columns = len(rows), design.shape[1]
    gram, right = np.zeros((count, columns, columns)), np.zeros((count, columns))
    np.add.at(gram, item, design[:, :, None] * design[:, None, :])
    np.add.at(right, item, design * sales[:, None])
    # A hair of ridge: a price that never moved, or no shock, gives an unbounded variance, not NaN.
    inverse = np.linalg.inv(gram + 1e-8 * np.eye(columns))
    slope = np.einsum("nij,nj->ni", inverse, right)
    left = sales - (design * slope[item]).sum(axis=1)
    square = np.bincount(item, left**2, count)
    free = np.maximum(rows - columns - 1, 1)
    # Few weeks make an item's own noise uncertain: pool it with all items' as ten observations.
    noise = (square + 10.0 * square.sum() / free.sum()) / (free + 10.0)
    return slope[:, -1], inverse[:, -1, -1] * noise


def _centre(values: FloatArray, item: IntArray, rows: IntArray) -> FloatArray:
    sums = np.zeros((len(rows), values.shape[1]))
    np.add.at(sums, item, values)
    centred: FloatArray = values - (sums / np.maximum(rows, 1)[:, None])[item]
    return centred


def _predict_out(
    both: FloatArray,
    features: FloatArray,
    item: IntArray,
    fold: tuple[IntArray, IntArray],
    nuisance: Callable[[], Any],
) -> FloatArray:
    """Return what is left of sales, price and instruments in the test rows, (t, 2 + J)."""
    test, train = fold
    count = np.bincount(item[train], minlength=int(item.max()) + 1)
    wide = np.concatenate([both, features], axis=1)
    sums = np.zeros((len(count), wide.shape[1]))
    np.add.at(sums, item[train], wide[train])
    # An item without training rows keeps the mean of all.
    usual = np.where(
        count[:, None] > 0, sums / np.maximum(count, 1)[:, None], wide[train].mean(axis=0)
    )
    centred = wide - usual[item]
    targets = both.shape[1]
    left = centred[test, :targets].copy()
    if features.shape[1]:
        for target in range(targets):
            model = nuisance().fit(centred[train, targets:], centred[train, target])
            left[:, target] -= model.predict(centred[test, targets:])
    return left


def _refuse_instruments(
    controls: Sequence[str], instruments: Sequence[str], features: FloatArray, shock: FloatArray
) -> None:
    for name in controls:
        if name in instruments or name == "shock":
            raise ValueError(f"{name!r} moves the price but not demand: it is no control")
    if not shock.any():
        return
    for at, name in enumerate(controls):
        spread = features[:, at].std()
        if spread > 0 and abs(np.corrcoef(features[:, at], shock)[0, 1]) > SHOCK_IN_DISGUISE:
            raise ValueError(f"{name!r} is the randomised shock in disguise: it is no control")


def has_shocks(frame: Frame) -> bool:
    """Return whether a frame has randomised prices at all."""
    return has_column(frame, "shock") and bool(np.asarray(frame["shock"]).any())
