"""DR-learner: effects that are right if either the outcome model or the propensity is."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

from promotions.core.uplift.base import UpliftModel
from promotions.core.uplift.boosted import MonotoneBoosting
from promotions.core.uplift.features import FloatArray
from promotions.core.uplift.logit import Scale
from promotions.core.uplift.nuisance import Nuisance, cross_fit
from promotions.core.uplift.trial import Trial

PRIORS = (30.0, 100.0, 300.0, 1_000.0, 3_000.0)


class DoublyRobust(UpliftModel):
    """tau(x, depth) = h(depth) s(x) from doubly robust pseudo-outcomes (Kennedy 2023).

    With mu cross-fitted (`MonotoneBoosting`) and pi the logged propensity,

        gamma_a = mu(x, a) + 1{depth = a} (y - mu(x, a)) / pi_a,   delta_a = gamma_a - gamma_0,

    h_a is the mean of delta_a, made isotonic and passing 0; s(x) is a regression of delta_a / h_a,
    weighted by h_a^2 over the depth's variance: half ridge on scaled features and products (its
    penalty by generalised cross-validation), half small boosted trees. The response is mu(x, 0)
    plus the effect. Learned: `base_`, `scale_`, `weights_`, `covariance_`, `trees_`, `ladder_`,
    `height_`.

    >>> rng = np.random.default_rng(0)
    >>> spend, depth = rng.random(4_000), rng.choice([0.0, 0.1, 0.2], 4_000)
    >>> bought = rng.random(4_000) < 0.2 + 2 * depth * spend
    >>> model = DoublyRobust().fit({"spend": spend}, depth, bought, np.full(4_000, 1 / 3))
    >>> low, high = model.predict_uplift({"spend": [0.1, 0.9]}, [0.2])[:, 0]
    >>> bool(low < 0.15 < high)
    True
    """

    base_: MonotoneBoosting
    scale_: Scale
    weights_: FloatArray
    covariance_: FloatArray
    trees_: HistGradientBoostingRegressor
    ladder_: FloatArray
    height_: FloatArray

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed

    def _learn(self, trial: Trial) -> None:
        self.learn_beside(trial, cross_fit(trial, self.seed))

    def learn_beside(self, trial: Trial, nuisance: Nuisance) -> None:
        """Learn with an outcome model that was cross-fitted before."""
        self.names_, self.base_ = trial.names, nuisance.whole
        gained = pseudo_effects(trial, nuisance.mean)
        self.ladder_ = np.concatenate([[0.0], trial.depths])
        self.height_ = np.concatenate([[0.0], np.maximum.accumulate(gained.mean(axis=0))])
        self.height_ = np.maximum(self.height_, 1e-4 * np.arange(len(self.height_)))
        height = self.height_[1:]
        weight = height**2 / gained.var(axis=0)
        slope = (gained / height) @ weight / weight.sum()
        self.scale_ = Scale().fit(trial.features)
        design = np.concatenate([np.ones((len(slope), 1)), self.scale_.read(trial.features)], 1)
        self.weights_, self.covariance_ = fit_ridge(design, slope)
        self.trees_ = HistGradientBoostingRegressor(
            learning_rate=0.03,
            max_iter=100,
            max_leaf_nodes=6,
            min_samples_leaf=max(len(slope) // 50, 50),
            l2_regularization=10.0,
            random_state=self.seed,
        ).fit(trial.features, slope)

    def _respond(self, features: FloatArray, depths: FloatArray) -> tuple[FloatArray, FloatArray]:
        design = np.concatenate([np.ones((len(features), 1)), self.scale_.read(features)], axis=1)
        slope = (design @ self.weights_ + self.trees_.predict(features)) / 2
        height = np.interp(depths, self.ladder_, self.height_)
        base = self.base_.respond(features, np.zeros(1))[0]
        sd = np.sqrt(((design @ self.covariance_) * design).sum(axis=1))
        return base + np.maximum(slope, 0.0)[:, None] * height, sd[:, None] * height


def pseudo_effects(trial: Trial, mean: FloatArray) -> FloatArray:
    """Return delta_a of each shopper and depth, (n, k), from out-of-fold means (n, 1 + k)."""
    at = np.searchsorted(np.concatenate([[0.0], trial.depths]), trial.depth)
    rows = np.arange(len(at))
    gamma = mean.copy()
    gamma[rows, at] += (trial.outcome - mean[rows, at]) * trial.weight
    return gamma[:, 1:] - gamma[:, :1]


def fit_ridge(design: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return ridge weights with a free intercept (column 0) and their covariance.

    The penalty of PRIORS with the least generalised cross-validation error (Golub et al. 1979).

    >>> x = np.column_stack([np.ones(100), np.linspace(-1, 1, 100)])
    >>> fit_ridge(x, 3 + 2 * x[:, 1])[0].round(1).tolist()[0]
    3.0
    """
    gram, moment, total = design.T @ design, design.T @ y, float(y @ y)
    best = (np.inf, np.zeros(0), np.zeros(0))
    for prior in PRIORS:
        penalty = np.full(len(gram), prior)
        penalty[0] = 0.0
        inverse = np.linalg.inv(gram + np.diag(penalty))
        weights = inverse @ moment
        freedom = float(np.trace(inverse @ gram))
        left = total - 2 * float(weights @ moment) + float(weights @ gram @ weights)
        error = left / len(y) / max(1 - freedom / len(y), 1e-6) ** 2
        if error < best[0]:
            best = (error, weights, inverse * error)
    return best[1], best[2]
