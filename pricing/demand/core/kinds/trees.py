"""One decision tree, and many in turn (boosting), by scikit-learn: demand falls in the price."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pricing.base.core.values import FloatArray
from pricing.demand.core.challenger import Cells, FeatureChallenger


class _Trees(FeatureChallenger):
    """Trees on counts over the usual count (Poisson loss), never rising in the price."""

    def _make(self, falls: list[int]) -> Any:
        raise NotImplementedError  # each kind of tree makes its own

    def _learn(self, cells: Cells) -> None:
        design = self._features(cells)
        falls = [0] * design.shape[1]
        falls[1] = -1
        self.seen_ = float(cells.ratio.min()), float(cells.ratio.max())
        usual = np.exp(self._log_level(cells)) * cells.exposures
        self.model_ = self._make(falls).fit(design, cells.sales / usual, sample_weight=usual)

    def _slope(self, cells: Cells) -> FloatArray:
        """Take the slope between prices that were seen: a tree is flat beyond them."""
        ends = [
            np.clip(cells.ratio + step, *self.seen_) for step in (self.log_step, -self.log_step)
        ]
        high, low = (np.log(self._mean(cells.with_ratio(end))) for end in ends)
        slope: FloatArray = (high - low) / np.maximum(ends[0] - ends[1], self.log_step / 2.0)
        return slope

    def _rate(self, cells: Cells) -> FloatArray:
        factor = np.maximum(self.model_.predict(self._features(cells)), 1e-6)
        rate: FloatArray = np.exp(self._log_level(cells)) * factor
        return rate


class TreeDemand(_Trees):
    """One decision tree (CART, Breiman et al. 1984), forced to fall as the price rises.

    Its demand curve has steps. Learned: `model_`. `predict` returns sales per exposure: see
    `Prediction`.

    >>> TreeDemand(max_leaf_nodes=8).max_leaf_nodes
    8
    """

    # Between two steps of its curve a single tree sees no slope at all.
    log_step = 0.2

    def __init__(
        self,
        *,
        features: Sequence[str] = (),
        max_leaf_nodes: int = 64,
        least_share: float = 0.002,
        random_state: int | None = 0,
    ) -> None:
        super().__init__(features=features, random_state=random_state)
        self.max_leaf_nodes = max_leaf_nodes
        self.least_share = least_share

    def _make(self, falls: list[int]) -> Any:
        from sklearn.tree import DecisionTreeRegressor  # noqa: PLC0415  # only workers that train load it

        return DecisionTreeRegressor(
            criterion="poisson",
            max_leaf_nodes=self.max_leaf_nodes,
            min_samples_leaf=self.least_share,
            monotonic_cst=falls,
            random_state=self.random_state,
        )


class BoostedDemand(_Trees):
    """Boosted trees (Friedman 2001), forced to fall as the price rises.

    Learned: `model_`. `predict` returns sales per exposure: see `Prediction`.

    >>> rng = np.random.default_rng(2)
    >>> price = rng.choice([8.0, 9.0, 10.0], 400)
    >>> cells = {"item": np.arange(400) % 4, "price": price, "week": np.arange(400) // 10}
    >>> model = BoostedDemand(max_iter=30).fit(cells, rng.poisson(30 * (price / 10) ** -2.0))
    >>> bool(model.predict(9.0, {"item": [1]}).elasticity[0] < 0)
    True
    """

    def __init__(
        self,
        *,
        features: Sequence[str] = (),
        max_iter: int = 120,
        learning_rate: float = 0.08,
        max_leaf_nodes: int = 15,
        random_state: int | None = 0,
    ) -> None:
        super().__init__(features=features, random_state=random_state)
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.max_leaf_nodes = max_leaf_nodes

    def _make(self, falls: list[int]) -> Any:
        from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415  # only workers that train load it

        return HistGradientBoostingRegressor(
            loss="poisson",
            max_iter=self.max_iter,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.max_leaf_nodes,
            monotonic_cst=falls,
            random_state=self.random_state,
        )
