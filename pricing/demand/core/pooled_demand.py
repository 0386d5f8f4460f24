"""The champion behind the challengers' interface, so that one leaderboard can hold them all."""

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
    read_numbers,
    read_prices,
    read_sales,
    usual_prices,
)
from pricing.demand.core.pooled import PooledPoisson
from pricing.demand.core.training_cells import OWN_PRICE, build_design


class PooledDemand:
    """`PooledPoisson` on a frame of item-weeks; `features` may name display, mailer, competitor.

    Rivals' prices and placements are those of the same category and week in the frame given.
    Weekly units have no visits: `exposures` say for which share of a week products were on sale,
    the most in one cell being a whole week. Learned: `model_`.

    >>> rng = np.random.default_rng(0)
    >>> price = rng.choice([8.0, 9.0, 10.0], 400)
    >>> cells = {"item": np.arange(400) % 4, "price": price, "week": np.arange(400) // 4}
    >>> model = PooledDemand().fit(cells, rng.poisson(30 * (price / 10) ** -2.0))
    >>> bool(abs(model.predict(9.0, {"item": [1], "week": [3]}).elasticity[0] + 2.0) < 0.3)
    True
    """

    def __init__(self, *, features: Sequence[str] = (), rounds: int = 3) -> None:
        self.features = features
        self.rounds = rounds

    def fit(self, X: Frame, y: Any = None) -> Self:  # noqa: N803 - scikit-learn's own name
        """Learn from cells; y (n,) are units. An absent item-week was not on sale."""
        rows = count_rows(X, "item")
        exposures, sales = read_sales(X, y, rows)
        self.exposure_ = max(float(exposures.max(initial=0.0)), 1e-12)
        self.items_ = Coding.learn(X["item"])
        item = self.items_.encode(X["item"])
        self.categories_ = Coding.learn(read_labels(X, "category", rows))
        self.category_ = _first(item, self.categories_.encode(read_labels(X, "category", rows)))
        departments = Coding.learn(read_labels(X, "department", rows))
        self.department_ = _first(item, departments.encode(read_labels(X, "department", rows)))
        prices = read_prices(X, rows)
        self.reference_price_ = usual_prices(item, prices, exposures, len(self.items_))
        self.sales_ = np.bincount(item, sales, len(self.items_))
        week, place = np.unique(read_numbers(X, "week", rows), return_inverse=True)
        units = np.zeros((len(self.items_), 1, len(week)))
        kept = np.zeros_like(units)
        share = exposures / self.exposure_
        units[item, 0, place] = sales / np.where(share > 0.0, share, 1.0)
        kept[item, 0, place] = share
        design = self._design(X, prices, (item, place.ravel(), len(week)))
        self.model_ = PooledPoisson(rounds=self.rounds).fit(
            design, units, self.category_, self.department_, kept
        )
        self.is_randomized_ = False
        return self

    def predict(self, price: Any, x: Frame) -> Prediction:
        """Return units **per exposure**, sd of that mean, elasticity. Known items only.

        Per exposure, never units of a week: `Prediction.units(exposures)` makes those.
        """
        rows = count_rows(x, "item")
        item = self.items_.encode(x["item"])
        if (item < 0).any():
            raise ValueError("an item was not in the training cells")
        week, place = np.unique(read_numbers(x, "week", rows, 0.0), return_inverse=True)
        prices = read_prices(x, rows, price)
        design = self._design(x, prices, (item, place.ravel(), len(week)))
        mean = self.model_.predict_units(design, self.department_)[item, 0, place.ravel()]
        ratio = design[item, 0, place.ravel(), OWN_PRICE]
        variance = self.model_.level_variance_ + self.model_.covariance_[item, 0, 0]
        variance = variance + (ratio * self.model_.elasticity_sd_[item]) ** 2
        return Prediction(
            per_exposure=mean / self.exposure_,
            sd_per_exposure=mean * np.sqrt(variance) / self.exposure_,
            elasticity=-self.model_.elasticity_[item],
        )

    def dispersion_of(self, x: Frame) -> FloatArray:
        """Return counting noise over Poisson's for each row's item, (n,). Known items only."""
        dispersion: FloatArray = self.model_.dispersion_[self.items_.encode(x["item"])]
        return dispersion

    @property
    def dispersion_(self) -> float:
        """Counting noise over Poisson's, typical."""
        return float(np.median(self.model_.dispersion_))

    def _design(
        self, x: Frame, prices: FloatArray, at: tuple[IntArray, IntArray, int]
    ) -> FloatArray:
        item, place, weeks = at
        shape = (len(self.items_), 1, weeks)
        ratio, display, mailer, competitor = (np.zeros(shape) for _ in range(4))
        ratio[item, 0, place] = np.log(prices / self.reference_price_[item])
        grids = {"display": display, "mailer": mailer, "competitor": competitor}
        for name, grid in grids.items():
            if name in self.features and has_column(x, name):
                grid[item, 0, place] = read_numbers(x, name, len(prices))
        return build_design(
            ratio[:, 0],
            display,
            mailer,
            self.category_,
            self.sales_,
            competitor=competitor[:, 0] if "competitor" in self.features else None,
        )


def _first(item: IntArray, number: IntArray) -> IntArray:
    own = np.zeros(int(item.max()) + 1, dtype=np.int64)
    own[item] = number
    return own
