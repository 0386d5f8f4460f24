"""Bayesian regression of log sales, by scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np

from pricing.base.core.values import FloatArray
from pricing.demand.core.challenger import Cells, Challenger, finite_exp, log_rates
from pricing.demand.core.frames import Prediction, count_rows, read_prices


class BayesianDemand(Challenger):
    """Bayesian log-log regression with a slope of its own for every item, shrunk to its category.

    `sklearn.linear_model.BayesianRidge` (MacKay 1992, Neural Computation 4, 415-447) on the price,
    the price by category, the price by item, and contexts: precisions of weights and noise by
    evidence. Learned: `model_`.

    `predict` returns sales per exposure: see `Prediction`.

    >>> rng = np.random.default_rng(1)
    >>> price = rng.choice([8.0, 9.0, 10.0], 400)
    >>> cells = {"item": np.arange(400) % 4, "price": price, "week": np.arange(400) // 10}
    >>> model = BayesianDemand().fit(cells, rng.poisson(30 * (price / 10) ** -2.0))
    >>> bool(abs(model.predict(9.0, {"item": [1]}).elasticity[0] + 2.0) < 0.3)
    True
    """

    def _design(self, cells: Cells) -> FloatArray:
        return np.concatenate([self._slopes(cells) * cells.ratio[:, None], cells.context], axis=1)

    def _slopes(self, cells: Cells) -> FloatArray:
        own = np.arange(len(self.items_))[None, :] == cells.item[:, None]
        family = np.arange(len(self.categories_))[None, :] == cells.category[:, None]
        return np.concatenate([np.ones((len(own), 1)), family, own], axis=1).astype(np.float64)

    def _learn(self, cells: Cells) -> None:
        from sklearn.linear_model import BayesianRidge  # noqa: PLC0415  # only workers that train load it

        target = log_rates(cells) - self._log_level(cells)
        self.model_ = BayesianRidge().fit(self._design(cells), target, self._weights(cells))

    def _rate(self, cells: Cells) -> FloatArray:
        return finite_exp(self._log_level(cells) + self.model_.predict(self._design(cells)))

    def predict(self, price: Any, x: Any) -> Prediction:
        """Return sales per exposure, their sd with the posterior of the slopes in it, elasticity.

        Per exposure, never units: `Prediction.units` makes those.
        """
        found = super().predict(price, x)
        rows = count_rows(x, "item")
        cells = self._read(x, read_prices(x, rows, price), np.ones(rows), np.zeros(rows))
        doubt = self._variance(self._design(cells))
        mean, sd = found.per_exposure, found.sd_per_exposure
        return Prediction(mean, np.sqrt(sd**2 + mean**2 * doubt), found.elasticity)

    def slope_sd(self, x: Any) -> FloatArray:
        """Return the posterior sd of each row's elasticity (n,), at its reference price."""
        rows = count_rows(x, "item")
        usual = self.reference_price_[self.items_.encode(x["item"])]
        price = np.asarray(x["reference_price"]) if "reference_price" in x else usual
        slopes = self._slopes(self._read(x, price, np.ones(rows), np.zeros(rows)))
        wide = np.zeros((rows, len(self.model_.coef_)))
        wide[:, : slopes.shape[1]] = slopes
        return np.sqrt(self._variance(wide))

    def _variance(self, rows: FloatArray) -> FloatArray:
        return np.asarray(
            np.einsum("nk,kl,nl->n", rows, self.model_.sigma_, rows, optimize=True),
            dtype=np.float64,
        )
