"""What trees see and a small model does not: a cross-fitted offset without the price in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from scipy.special import logit
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingRegressor

from pricing.core.arrays import FloatArray, IntArray
from pricing.core.demand.causal import split_by_time
from pricing.core.demand.frames import (
    Coding,
    Frame,
    count_rows,
    has_column,
    read_matrix,
    read_numbers,
    read_prices,
    read_sales,
    usual_prices,
)

LEAST_CHANCE = 1e-6
SLOPE_STEPS = 25


class BoostedOffset(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """f(x) for `HierarchicalLogit`'s column `offset`: context may act in any shape, the price slope
    stays in the small layer that people can audit.

    rate = level_i exp(f(x) - e log(p / p_ref)) is fitted in turns: boosted trees with Poisson loss
    learn f from the features alone, given e; e is the Poisson slope given f. Trees that saw the
    price would split on it first and keep its effect for themselves. Cross-fitted over blocks of
    weeks with neighbours left out: the offset of a row comes from trees that saw neither its week
    nor the ones beside it, so they cannot explain away its noise. Sources: semi-parametric demand
    (Hua et al. 2021, KDD); backfitting of a partially linear model (Hastie and Tibshirani 1990);
    cross-fitting as in `find_residuals`.

    Columns of X: `item`, `price`, `week`, the features; optional `reference_price`, `exposures`,
    `purchases` (or y). Learned: `offset_` (n,) of the training rows, `elasticity_` e, `models_`.

    >>> rng = np.random.default_rng(0)
    >>> week, heat = np.tile(np.arange(40.0), 30), rng.uniform(-1, 1, 1_200)
    >>> price = rng.choice([8.0, 10.0], 1_200)
    >>> chance = 0.05 * np.exp(np.abs(heat)) * (price / 10) ** -2.0
    >>> X = {"item": np.repeat(np.arange(30), 40), "week": week, "price": price, "heat": heat,
    ...      "reference_price": np.full(1_200, 10.0), "exposures": np.full(1_200, 500.0)}
    >>> model = BoostedOffset(features=["heat"], rounds=2).fit(X, rng.binomial(500, chance))
    >>> bool(np.corrcoef(model.offset_, np.abs(heat))[0, 1] > 0.9)
    True
    """

    offset_: FloatArray

    def __init__(
        self,
        *,
        features: Sequence[str] = (),
        folds: int = 5,
        gap: int = 1,
        max_iter: int = 80,
        rounds: int = 8,
        random_state: int | None = 0,
    ) -> None:
        self.features = features
        self.folds = folds
        self.gap = gap
        self.max_iter = max_iter
        self.rounds = rounds
        self.random_state = random_state

    def fit(self, X: Frame, y: Any = None) -> Self:  # noqa: N803 - scikit-learn's own name
        """Learn from cells. Raises ValueError by a column's name, or for too few weeks."""
        rows = count_rows(X, "item")
        exposures, sales = read_sales(X, y, rows)
        self.items_ = Coding.learn(X["item"])
        item = self.items_.encode(X["item"])
        prices = read_prices(X, rows)
        self.reference_price_ = usual_prices(item, prices, exposures, len(self.items_))
        usual = self.reference_price_[item]
        if has_column(X, "reference_price"):
            usual = read_numbers(X, "reference_price", rows)
        context = read_matrix(X, self.features, rows)
        ratio = np.log(prices / usual)
        folds = split_by_time(read_numbers(X, "week", rows), self.folds, self.gap)
        total = np.bincount(item, sales, len(self.items_))
        self.usual_rate_ = float(sales.sum() / max(exposures.sum(), 1e-12))
        self.elasticity_, multiple = 0.0, np.ones(rows)
        for _ in range(self.rounds):
            self.elasticity_ = _fit_slope(
                ratio, (exposures * multiple, sales), item, self.elasticity_
            )
            expected = exposures * np.exp(-self.elasticity_ * ratio)
            # An item's own level is the small model's affair: rates are relative to it.
            level = total / np.maximum(np.bincount(item, expected * multiple, len(total)), 1e-12)
            weight = expected * level[item]
            self.models_ = []
            for test, train in folds:
                self.models_.append(self._learn(context, weight, sales, train))
                multiple[test] = self.models_[-1].predict(context[test])
        self.offset_ = self._odds(multiple)
        return self

    def predict(self, x: Frame) -> FloatArray:
        """Return the offset of other rows (n,): the mean of all folds' trees."""
        context = read_matrix(x, self.features, count_rows(x, "item"))
        multiples = [model.predict(context) for model in self.models_]
        return np.asarray(np.mean([self._odds(one) for one in multiples], axis=0))

    def _learn(
        self, context: FloatArray, weight: FloatArray, sales: FloatArray, train: IntArray
    ) -> HistGradientBoostingRegressor:
        own = train[weight[train] > 0]
        trees = HistGradientBoostingRegressor(
            loss="poisson",
            max_iter=self.max_iter,
            max_leaf_nodes=15,
            min_samples_leaf=20,
            random_state=self.random_state,
        )
        return trees.fit(context[own], sales[own] / weight[own], sample_weight=weight[own])

    def _odds(self, multiple: FloatArray) -> FloatArray:
        """Return the log odds of a multiple of the usual chance, relative to those of it."""
        usual = np.clip(self.usual_rate_, LEAST_CHANCE, 1.0 - LEAST_CHANCE)
        chance = np.clip(multiple * usual, LEAST_CHANCE, 1.0 - LEAST_CHANCE)
        return np.asarray(logit(chance) - logit(usual), dtype=np.float64)


def _fit_slope(
    ratio: FloatArray, counts: tuple[FloatArray, FloatArray], item: IntArray, start: float
) -> float:
    """Return e of sales ~ Poisson(level_i m exp(-e ratio)), `counts` = (m, sales), by Newton with
    the levels of items profiled out."""
    base, sales = counts
    items = int(item.max()) + 1
    total, e = np.bincount(item, sales, items), start
    for _ in range(SLOPE_STEPS):
        share = base * np.exp(-e * ratio)
        norm = np.maximum(np.bincount(item, share, items), 1e-300)
        mean = np.bincount(item, share * ratio, items) / norm
        square = np.bincount(item, share * ratio**2, items) / norm
        score = float(total @ mean - sales @ ratio)
        step = score / max(float(total @ (square - mean**2)), 1e-9)
        e += float(np.clip(step, -1.0, 1.0))
        if abs(step) < 1e-8:
            break
    return e
