"""Base class of challenger models: features, level, uncertainty and `predict(price, x)`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.core.frames import (
    Coding,
    Frame,
    Prediction,
    count_rows,
    has_column,
    read_labels,
    read_matrix,
    read_numbers,
    read_prices,
    read_sales,
    usual_prices,
)

# Elasticities of models without a formula: the slope between these log prices around the price.
LOG_STEP = 0.08
LEVEL_HALF_LIFE, LEVEL_PRIOR = 2.0, 50.0
LATE_SHARE = 0.2
SMALLEST_RATE = 1e-9


class Cells:
    """Cells by number, for challengers: item, category (n,), log price ratio r, contexts (n, K)."""

    __slots__ = ("category", "context", "exposures", "item", "ratio", "sales", "week")

    item: IntArray
    category: IntArray
    week: FloatArray
    ratio: FloatArray
    context: FloatArray
    exposures: FloatArray
    sales: FloatArray

    def __init__(self, **columns: Any) -> None:
        for name in self.__slots__:
            setattr(self, name, columns[name])

    def take(self, rows: Any) -> Cells:
        """Return some rows."""
        return Cells(**{name: getattr(self, name)[rows] for name in self.__slots__})

    def with_ratio(self, ratio: FloatArray) -> Cells:
        """Return the same rows at other prices."""
        return Cells(**{name: getattr(self, name) for name in self.__slots__} | {"ratio": ratio})


class Challenger:
    """Base of demand models that learn sales per exposure from cells.

    Columns of X: `item`, `price`, `week`; optional `category`, `reference_price` (else the item's
    usual price), `exposures` (else 1), `purchases` (or y), and those named in `features`. A family
    answers `_learn(cells)` and `_rate(cells)`; the base adds each item's level of the last weeks
    (exponentially weighted, as the champion does), the doubt of the mean from late weeks it had not
    seen, and elasticities by differences. `is_randomized_` is False: none of these looks at shocks.

    Learned: `level_` (N,), `relative_variance_` of the mean, `dispersion_`, and the family's own.
    """

    log_step: float = LOG_STEP

    def __init__(self, *, features: Sequence[str] = (), random_state: int | None = 0) -> None:
        self.features = features
        self.random_state = random_state

    def fit(self, X: Frame, y: Any = None) -> Self:  # noqa: N803 - scikit-learn's own name
        """Learn from cells; y (n,) are sales. Raises ValueError by a column's name if it is bad."""
        cells = self.read_cells(X, y)
        self.is_randomized_ = False
        self._doubt(cells)
        self._fit_all(cells)
        return self

    def read_cells(self, X: Frame, y: Any = None) -> Cells:  # noqa: N803 - scikit-learn's own name
        """Number items and categories, learn usual prices, and return the cells that count."""
        rows = count_rows(X, "item")
        if rows == 0:
            raise ValueError("there are no cells to learn from")
        exposures, sales = read_sales(X, y, rows)
        prices = read_prices(X, rows)
        self.items_ = Coding.learn(X["item"])
        self.categories_ = Coding.learn(read_labels(X, "category", rows))
        item = self.items_.encode(X["item"])
        self.category_of_item_ = np.zeros(len(self.items_), dtype=np.int64)
        self.category_of_item_[item] = self.categories_.encode(read_labels(X, "category", rows))
        self.reference_price_ = usual_prices(item, prices, exposures, len(self.items_))
        cells = self._read(X, prices, exposures, sales)
        return cells.take(cells.exposures > 0)

    def predict(self, price: Any, x: Frame) -> Prediction:
        """Return sales **per exposure**, the sd of that mean, and d log q / d log p at `price`.

        Per exposure, never units: `Prediction.units(exposures)` makes units of them.
        """
        rows = count_rows(x, "item")
        cells = self._read(x, read_prices(x, rows, price), np.ones(rows), np.zeros(rows))
        mean = self._mean(cells)
        return Prediction(
            per_exposure=mean,
            sd_per_exposure=mean * np.sqrt(self.relative_variance_),
            elasticity=self._slope(cells),
        )

    def _learn(self, cells: Cells) -> None:
        raise NotImplementedError  # each family learns in its own way

    def _rate(self, cells: Cells) -> FloatArray:
        raise NotImplementedError  # each family has its own curve

    def _slope(self, cells: Cells) -> FloatArray:
        up, down = (
            np.log(self._mean(cells.with_ratio(cells.ratio + step)))
            for step in (self.log_step, -self.log_step)
        )
        slope: FloatArray = (up - down) / (2.0 * self.log_step)
        return slope

    def _mean(self, cells: Cells) -> FloatArray:
        level = np.where(cells.item >= 0, self.level_[np.maximum(cells.item, 0)], 1.0)
        return np.maximum(self._rate(cells), SMALLEST_RATE) * level

    def _fit_all(self, cells: Cells) -> None:
        self.usual_log_rate_ = _usual_rates(
            cells, len(self.items_), self.category_of_item_, len(self.categories_)
        )
        self.level_ = np.ones(len(self.items_))
        self._learn(cells)
        self.level_ = self._recent_level(cells)

    def _recent_level(self, cells: Cells) -> FloatArray:
        """Return sales of the last weeks over what was fitted for them (N,), shrunk to 1."""
        fitted = self._rate(cells) * cells.exposures
        # Least squares of logs forecasts a median: scale all by one factor (Duan 1983, smearing).
        overall = cells.sales.sum() / max(fitted.sum(), 1e-12)
        weight = 0.5 ** ((cells.week.max() - cells.week) / LEVEL_HALF_LIFE)
        count = len(self.items_)
        seen = np.bincount(cells.item, weight * cells.sales, count) + LEVEL_PRIOR
        expected = np.bincount(cells.item, weight * fitted * overall, count) + LEVEL_PRIOR
        level: FloatArray = overall * seen / expected
        return level

    def _doubt(self, cells: Cells) -> None:
        """Learn dispersion and relative variance from late weeks, forecast from early ones."""
        weeks = np.unique(cells.week)
        cut = weeks[int(len(weeks) * (1.0 - LATE_SHARE))] if len(weeks) > 4 else np.inf
        self.dispersion_, self.relative_variance_ = 1.0, 0.1
        early, late = cells.take(cells.week < cut), cells.take(cells.week >= cut)
        if not len(late.item) or not len(early.item):
            return
        self._fit_all(early)
        fitted = self._mean(late) * late.exposures
        inside = self._mean(early) * early.exposures
        pearson = np.mean((early.sales - inside) ** 2 / np.maximum(inside, 0.05))
        self.dispersion_ = float(max(pearson, 1.0))
        excess = ((late.sales - fitted) ** 2 - self.dispersion_ * fitted).sum()
        self.relative_variance_ = float(np.clip(excess / (fitted**2).sum(), 1e-4, 4.0))

    def _read(
        self, x: Frame, prices: FloatArray, exposures: FloatArray, sales: FloatArray
    ) -> Cells:
        rows = len(prices)
        item = self.items_.encode(x["item"])
        category = self.categories_.encode(read_labels(x, "category", rows))
        category = np.where(item >= 0, self.category_of_item_[np.maximum(item, 0)], category)
        if has_column(x, "reference_price"):
            reference = read_prices({"price": x["reference_price"]}, rows)
        elif (item < 0).any():
            raise ValueError("an item never seen needs a reference_price")
        else:
            reference = self.reference_price_[item]
        return Cells(
            item=item,
            category=category,
            week=read_numbers(x, "week", rows, 0.0),
            ratio=np.log(prices / reference),
            context=read_matrix(x, self.features, rows),
            exposures=exposures,
            sales=sales,
        )

    def _weights(self, cells: Cells) -> FloatArray:
        """Return how much a cell's log sales say (n,), 1 on average: m / (1 + m / 20) of m usual
        sales, since a log count has variance 1 / m, and never less than 1 / 20 beside."""
        usual = np.exp(self._log_level(cells)) * cells.exposures
        weight = usual / (1.0 + usual / 20.0)
        return np.asarray(weight / weight.mean(), dtype=np.float64)

    def _log_level(self, cells: Cells) -> FloatArray:
        """Return each row's usual log rate; an item never seen has its category's (n,)."""
        by_item, by_category, overall = self.usual_log_rate_
        fallback = np.where(
            cells.category >= 0, by_category[np.maximum(cells.category, 0)], overall
        )
        return np.where(cells.item >= 0, by_item[np.maximum(cells.item, 0)], fallback)


class FeatureChallenger(Challenger):
    """A family whose features are (usual log rate, log price ratio, category, contexts)."""

    def _features(self, cells: Cells) -> FloatArray:
        columns = [self._log_level(cells), cells.ratio, cells.category.astype(np.float64)]
        return np.concatenate([np.stack(columns, axis=1), cells.context], axis=1)

    def _raised(self, cells: Cells, added: FloatArray) -> FloatArray:
        """Return the rate where `added` (n,) is what it learned beside the usual log rate."""
        return finite_exp(self._log_level(cells) + added)


def _usual_rates(
    cells: Cells, items: int, category: IntArray, categories: int
) -> tuple[FloatArray, FloatArray, float]:
    """Return the log rates of items, categories and all, items smoothed by half a sale."""
    sold = np.bincount(cells.item, cells.sales, items)
    shown = np.bincount(cells.item, cells.exposures, items)
    overall = (sold.sum() + 0.5) / max(shown.sum(), 1.0)
    by_category = (np.bincount(category, sold, categories) + 0.5) / (
        np.bincount(category, shown, categories) + 0.5 / overall
    )
    by_item = (sold + 0.5) / (shown + 0.5 / by_category[category])
    return np.log(by_item), np.log(by_category), float(np.log(overall))


def log_rates(cells: Cells) -> FloatArray:
    """Return log sales per exposure, smoothed by half a sale so that none is finite too (n,)."""
    rates: FloatArray = np.log((cells.sales + 0.5) / cells.exposures)
    return rates


def finite_exp(log: FloatArray) -> FloatArray:
    """Return e to the power of what is no further from 0 than 30."""
    value: FloatArray = np.exp(np.clip(log, -30.0, 30.0))
    return value
