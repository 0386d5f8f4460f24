"""A small neural net on every cell, by scikit-learn."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Literal

import numpy as np

from pricing.base.core.values import FloatArray
from pricing.demand.core.challenger import Cells, FeatureChallenger, log_rates

# What it sees in all: few cells are seen often, many at least `LEAST_PASSES` times.
SEEN, LEAST_PASSES, MOST_PASSES = 500_000, 4, 60


class NeuralDemand(FeatureChallenger):
    """A small neural net (two layers) on log sales, stopped early, on all cells.

    `solver` is scikit-learn's: `adam`, plain `sgd`, or `lbfgs`. Learned: `model_`. Two nets from
    different `random_state` differ: it is the least stable here. `predict` returns sales per
    exposure: see `Prediction`.

    >>> NeuralDemand(layers=(8,)).layers
    (8,)
    """

    def __init__(
        self,
        *,
        features: Sequence[str] = (),
        layers: tuple[int, ...] = (24, 12),
        solver: Literal["adam", "sgd", "lbfgs"] = "adam",
        random_state: int | None = 0,
    ) -> None:
        super().__init__(features=features, random_state=random_state)
        self.layers = layers
        self.solver = solver

    def _learn(self, cells: Cells) -> None:
        from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415  # only workers that train load it
        from sklearn.neural_network import MLPRegressor  # noqa: PLC0415  # only workers that train load it
        from sklearn.pipeline import make_pipeline  # noqa: PLC0415  # only workers that train load it
        from sklearn.preprocessing import StandardScaler  # noqa: PLC0415  # only workers that train load it

        rows = len(cells.item)
        net = MLPRegressor(
            hidden_layer_sizes=self.layers,
            solver=self.solver,
            alpha=1e-3,
            max_iter=int(np.clip(SEEN // rows, LEAST_PASSES, MOST_PASSES)),
            early_stopping=self.solver != "lbfgs" and rows >= 100,
            random_state=self.random_state,
        )
        self.model_ = make_pipeline(StandardScaler(), net)
        with warnings.catch_warnings():
            # A time budget, not a tolerance, ends the training of a challenger.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.model_.fit(self._features(cells), log_rates(cells) - self._log_level(cells))

    def _rate(self, cells: Cells) -> FloatArray:
        return self._raised(cells, self.model_.predict(self._features(cells)))
