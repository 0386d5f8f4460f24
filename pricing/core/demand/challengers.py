"""The families of demand models, all behind `fit(X, y)` and `predict(price, x)`.

    from pricing.core.demand import CHALLENGERS

Linear (log-log), polynomial, boosted trees with a monotone price, support vectors, a neural net
and Bayesian linear regression; `softmax` has a file of its own. They forecast well or badly; which
may set prices is decided by `leaderboard.judge`, on causal and calibration figures only.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from pricing.core.arrays import FloatArray
from pricing.core.demand.challenger import Cells, Challenger, log_rates
from pricing.core.demand.frames import Prediction

RIDGE = 0.01


def _finite_exp(log: FloatArray) -> FloatArray:
    value: FloatArray = np.exp(np.clip(log, -30.0, 30.0))
    return value


class LinearDemand(Challenger):
    """Log-log least squares: log q = level_i - e_c log(p / p_ref) + x'g, one slope per category.

    Weighted by usual sales, a hair of ridge. Learned: `coef_` (C + K,).

    >>> rng = np.random.default_rng(0)
    >>> price = rng.choice([8.0, 9.0, 10.0], 400)
    >>> cells = {"item": np.arange(400) % 4, "price": price, "week": np.arange(400) // 10}
    >>> model = LinearDemand().fit(cells, rng.poisson(30 * (price / 10) ** -2.0))
    >>> bool(abs(model.predict(9.0, {"item": [1]}).elasticity[0] + 2.0) < 0.2)
    True
    """

    powers: tuple[int, ...] = (1,)

    def _design(self, cells: Cells) -> FloatArray:
        own = np.arange(len(self.categories_))[None, :] == cells.category[:, None]
        blocks = [own * cells.ratio[:, None] ** power for power in self.powers]
        return np.concatenate([*blocks, cells.context], axis=1)

    def _learn(self, cells: Cells) -> None:
        design, target = self._design(cells), log_rates(cells) - self._log_level(cells)
        weight = self._weights(cells)
        self.centre_ = np.average(design, axis=0, weights=weight)
        centred = design - self.centre_
        gram = centred.T @ (centred * weight[:, None]) + RIDGE * np.eye(design.shape[1])
        offset = np.average(target, weights=weight)
        self.coef_ = np.linalg.solve(gram, centred.T @ (weight * (target - offset)))
        self.intercept_ = float(offset - self.centre_ @ self.coef_)

    def _rate(self, cells: Cells) -> FloatArray:
        fitted = self._log_level(cells) + self.intercept_ + self._design(cells) @ self.coef_
        return _finite_exp(fitted)


class PolynomialDemand(LinearDemand):
    """Log sales cubic in log price, one curve per category: the slope may change along it.

    Nothing holds it monotone: outside the prices seen it may rise.

    >>> PolynomialDemand().powers
    (1, 2, 3)
    """

    powers = (1, 2, 3)


class BayesianDemand(Challenger):
    """Bayesian log-log regression with a slope of its own for every item, shrunk to its category.

    log q - level = x'b + noise, b ~ N(0, 1 / alpha), noise ~ N(0, 1 / beta); alpha and beta by
    evidence (MacKay 1992, Neural Computation 4, 415-447). The design holds the price, the price by
    category, the price by item, and contexts. Learned: `coef_`, `covariance_`, `alpha_`, `beta_`.

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
        root = np.sqrt(self._weights(cells))
        raw, target = self._design(cells), log_rates(cells) - self._log_level(cells)
        self.centre_ = np.average(raw, axis=0, weights=root**2)
        self.intercept_ = float(np.average(target, weights=root**2))
        design, target = (raw - self.centre_) * root[:, None], (target - self.intercept_) * root
        gram, right = design.T @ design, design.T @ target
        values, vectors = np.linalg.eigh(gram)
        values = np.maximum(values, 0.0)
        turned = vectors.T @ right
        self.alpha_, self.beta_ = 1.0, 1.0 / max(float(target.var()), 1e-9)
        for _ in range(50):
            scale = 1.0 / (self.beta_ * values + self.alpha_)
            mean = self.beta_ * scale * turned
            free = float((self.beta_ * values * scale).sum())
            residual = ((target - design @ (vectors @ mean)) ** 2).sum()
            before = self.alpha_
            self.alpha_ = (free + 1e-6) / (float(mean @ mean) + 1e-6)
            self.beta_ = max(len(target) - free, 1.0) / max(float(residual), 1e-9)
            if abs(np.log(self.alpha_ / before)) < 1e-3:
                break
        self.coef_ = vectors @ mean
        self.intercept_ -= float(self.centre_ @ self.coef_)
        self.covariance_ = (vectors * scale) @ vectors.T

    def _rate(self, cells: Cells) -> FloatArray:
        fitted = self._log_level(cells) + self.intercept_ + self._design(cells) @ self.coef_
        return _finite_exp(fitted)

    def predict(self, price: Any, x: Any) -> Prediction:
        """Return mean, sd with the posterior of the coefficients in it, and elasticity."""
        mean, sd, elasticity = super().predict(price, x)
        cells = self._read(x, self._prices(price, x), np.ones(len(mean)), np.zeros(len(mean)))
        design = self._design(cells)
        doubt = np.einsum("nk,kl,nl->n", design, self.covariance_, design, optimize=True)
        return Prediction(mean, np.sqrt(sd**2 + mean**2 * doubt), elasticity)

    def slope_sd(self, x: Any) -> FloatArray:
        """Return the posterior sd of each row's elasticity (n,), at its reference price."""
        rows = len(np.asarray(x["item"]))
        price = np.asarray(x["reference_price"]) if "reference_price" in x else self._usual(x)
        slopes = self._slopes(self._read(x, price, np.ones(rows), np.zeros(rows)))
        wide = np.zeros((rows, len(self.coef_)))
        wide[:, : slopes.shape[1]] = slopes
        variance = np.einsum("nk,kl,nl->n", wide, self.covariance_, wide, optimize=True)
        return np.asarray(np.sqrt(variance), dtype=np.float64)

    def _usual(self, x: Any) -> FloatArray:
        usual: FloatArray = self.reference_price_[self.items_.encode(x["item"])]
        return usual

    @staticmethod
    def _prices(price: Any, x: Any) -> FloatArray:
        rows = len(np.asarray(x["item"]))
        given = np.asarray(x["price"] if price is None else price, dtype=np.float64)
        return np.broadcast_to(given, (rows,)).copy()


class _Learned(Challenger):
    """A family whose features are (usual log rate, log price ratio, category, contexts)."""

    def _features(self, cells: Cells) -> FloatArray:
        columns = [self._log_level(cells), cells.ratio, cells.category.astype(np.float64)]
        return np.concatenate([np.stack(columns, axis=1), cells.context], axis=1)

    def _rate(self, cells: Cells) -> FloatArray:
        fitted = self._log_level(cells) + self.model_.predict(self._features(cells))
        return _finite_exp(fitted)

    def _sample(self, cells: Cells, most: int) -> Cells:
        if len(cells.item) <= most:
            return cells
        rng = np.random.default_rng(self.random_state)
        return cells.take(np.sort(rng.choice(len(cells.item), most, replace=False)))


class BoostedDemand(_Learned):
    """Boosted trees on counts (Poisson loss), forced to fall as the price rises.

    Source: gradient boosting, Friedman 2001; histogram trees with monotonic constraints as in
    scikit-learn. Learned: `model_`.

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

    def _learn(self, cells: Cells) -> None:
        design = self._features(cells)
        falls = [0] * design.shape[1]
        falls[1] = -1
        usual = np.exp(self._log_level(cells)) * cells.exposures
        self.model_ = HistGradientBoostingRegressor(
            loss="poisson",
            max_iter=self.max_iter,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.max_leaf_nodes,
            monotonic_cst=falls,
            random_state=self.random_state,
        ).fit(design, cells.sales / usual, sample_weight=usual)

    def _rate(self, cells: Cells) -> FloatArray:
        factor = np.maximum(self.model_.predict(self._features(cells)), 1e-6)
        rate: FloatArray = np.exp(self._log_level(cells)) * factor
        return rate


class SupportVectorDemand(_Learned):
    """Support vector regression of log sales with a radial kernel, on at most `most` cells.

    Source: Drucker et al. 1997. The kernel costs the square of the cells, hence the sample.
    Learned: `model_`.

    >>> SupportVectorDemand(most=500).most
    500
    """

    def __init__(
        self,
        *,
        features: Sequence[str] = (),
        most: int = 1_200,
        penalty: float = 1.0,
        random_state: int | None = 0,
    ) -> None:
        super().__init__(features=features, random_state=random_state)
        self.most = most
        self.penalty = penalty

    def _learn(self, cells: Cells) -> None:
        few = self._sample(cells, self.most)
        machine = SVR(C=self.penalty, epsilon=0.1, cache_size=100)
        self.model_ = make_pipeline(StandardScaler(), machine)
        target = log_rates(few) - self._log_level(few)
        self.model_.fit(self._features(few), target, svr__sample_weight=self._weights(few))


class NeuralDemand(_Learned):
    """A small neural net (two layers) on log sales, stopped early; on at most `most` cells.

    Learned: `model_`. Two nets from different `random_state` differ: it is the least stable here.

    >>> NeuralDemand(layers=(8,)).layers
    (8,)
    """

    def __init__(
        self,
        *,
        features: Sequence[str] = (),
        layers: tuple[int, ...] = (24, 12),
        most: int = 6_000,
        random_state: int | None = 0,
    ) -> None:
        super().__init__(features=features, random_state=random_state)
        self.layers = layers
        self.most = most

    def _learn(self, cells: Cells) -> None:
        few = self._sample(cells, self.most)
        net = MLPRegressor(
            hidden_layer_sizes=self.layers,
            alpha=1e-3,
            max_iter=60,
            early_stopping=len(few.item) >= 100,
            random_state=self.random_state,
        )
        self.model_ = make_pipeline(StandardScaler(), net)
        with warnings.catch_warnings():
            # A time budget, not a tolerance, ends the training of a challenger.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.model_.fit(self._features(few), log_rates(few) - self._log_level(few))
