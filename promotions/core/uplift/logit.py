"""Logit with an offset and discount x features: the small, auditable response model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from promotions.core.uplift.base import UpliftModel
from promotions.core.uplift.boosted import MonotoneBoosting
from promotions.core.uplift.features import FloatArray, require_allowed
from promotions.core.uplift.nuisance import Nuisance, cross_fit
from promotions.core.uplift.trial import Trial

STEPS = 30
PRIORS = (1_024.0, 256.0, 64.0, 16.0)
EDGE = 1e-4


class Scale:
    """Features as a smooth model sees them: signed log, standardised, and their products.

    >>> table = np.random.default_rng(0).lognormal(size=(50, 2))
    >>> Scale().fit(table).read(table).shape
    (50, 5)
    """

    def fit(self, features: FloatArray) -> Self:
        """Learn location and scale of each feature (n, d)."""
        bent = _bend(features)
        self.mean = bent.mean(axis=0)
        self.sd = np.maximum(bent.std(axis=0), 1e-9)
        return self

    def read(self, features: FloatArray) -> FloatArray:
        """Return (n, d + d (d + 1) / 2): each feature, then squares and products, centred."""
        z = np.clip((_bend(features) - self.mean) / self.sd, -4.0, 4.0)
        first, second = np.triu_indices(z.shape[1])
        return np.concatenate([z, (z[:, first] * z[:, second] - (first == second)) / 2], axis=1)


class OffsetLogit(UpliftModel):
    """logit P(buy) = a + c g(x) + b.z + depth (s + t.z), with g the cross-fitted boosted log-odds
    of buying without an offer and z the scaled features, squares and products.

    Gaussian priors of precision `prior` on b and t (t twice as strict for products); of PRIORS the
    one with the largest evidence (Laplace) is taken. The posterior N(mode, H^-1) gives the sd of
    the uplift by the delta method. The trees see no price slope: that stays in this layer. With
    `boosted` False there are no trees and c = 0: the whole model is a handful of arrays (`pack`).
    Learned: `offset_`, `scale_`, `mode_`, `covariance_`, `prior_`.

    >>> rng = np.random.default_rng(0)
    >>> spend, depth = rng.random(4_000), rng.choice([0.0, 0.1, 0.2], 4_000)
    >>> bought = rng.random(4_000) < expit(-1 + 10 * depth * spend)
    >>> model = OffsetLogit().fit({"spend": spend}, depth, bought, np.full(4_000, 1 / 3))
    >>> low, high = model.predict_uplift({"spend": [0.1, 0.9]}, [0.2])[:, 0]
    >>> bool(low < 0.15 < high), bool(model.predict_sd({"spend": [0.5]}, [0.2]) < 0.05)
    (True, True)
    """

    offset_: MonotoneBoosting | None
    scale_: Scale
    mode_: FloatArray
    covariance_: FloatArray
    prior_: float

    def __init__(self, *, boosted: bool = True, seed: int = 0) -> None:
        self.boosted = boosted
        self.seed = seed

    def _learn(self, trial: Trial) -> None:
        if self.boosted:
            self.learn_beside(trial, cross_fit(trial, self.seed))
            return
        self.offset_ = None
        self._learn_above(trial, np.zeros(len(trial.depth)))

    def learn_beside(self, trial: Trial, nuisance: Nuisance) -> None:
        """Learn with an outcome model that was cross-fitted before."""
        self.names_, self.offset_ = trial.names, nuisance.whole
        self._learn_above(trial, _log_odds(nuisance.mean[:, 0]))

    def pack(self) -> dict[str, NDArray[Any]]:
        """Return the model without trees as arrays that `unpack` reads. Raises ValueError for one
        with trees."""
        if self.offset_ is not None:
            raise ValueError("trees are no arrays: fit with boosted=False")
        return {
            "names": np.array(self.names_),
            "mean": self.scale_.mean,
            "sd": self.scale_.sd,
            "mode": self.mode_,
            "covariance": self.covariance_,
        }

    @classmethod
    def unpack(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the model that was packed."""
        model = cls(boosted=False)
        model.names_ = tuple(str(name) for name in arrays["names"])
        require_allowed(model.names_)
        model.offset_, model.scale_ = None, Scale()
        model.scale_.mean, model.scale_.sd = arrays["mean"], arrays["sd"]
        model.mode_, model.covariance_ = arrays["mode"], arrays["covariance"]
        return model

    def _learn_above(self, trial: Trial, offset: FloatArray) -> None:
        self.scale_ = Scale().fit(trial.features)
        design = self._design(trial.features, offset, trial.depth)
        width = trial.features.shape[1]
        evidence, start = -np.inf, np.zeros(design.shape[1])
        for prior in PRIORS:  # each starts from the last one's mode: a few steps suffice
            precision = _precisions(design.shape[1], width, prior)
            start, covariance, found = fit_logit(design, trial.outcome, precision, start)
            if found > evidence:
                evidence, self.prior_ = found, prior
                self.mode_, self.covariance_ = start, covariance

    def _design(self, features: FloatArray, offset: FloatArray, depth: FloatArray) -> FloatArray:
        z = self.scale_.read(features)
        slope = depth[:, None] * 4.0
        ones = np.ones((len(z), 1))
        return np.concatenate([ones, offset[:, None], z, slope, slope * z], axis=1)

    def _respond(self, features: FloatArray, depths: FloatArray) -> tuple[FloatArray, FloatArray]:
        offset = np.zeros(len(features))
        if self.offset_ is not None:
            offset = _log_odds(self.offset_.respond(features, np.zeros(1))[0][:, 0])
        chance = np.empty((len(features), len(depths)))
        sd = np.empty_like(chance)
        gradient_0 = np.zeros(0)
        for at, depth in enumerate(depths):
            design = self._design(features, offset, np.full(len(features), depth))
            chance[:, at] = expit(design @ self.mode_)
            gradient = design * (chance[:, at] * (1 - chance[:, at]))[:, None]
            if at == 0:
                gradient_0 = gradient
            turned = gradient - gradient_0
            sd[:, at] = np.sqrt(np.maximum(((turned @ self.covariance_) * turned).sum(axis=1), 0))
        return chance, sd


def fit_logit(
    design: FloatArray,
    outcome: FloatArray,
    precision: FloatArray,
    start: FloatArray | None = None,
) -> tuple[FloatArray, FloatArray, float]:
    """Return mode, covariance and log evidence of a logit with N(0, 1 / precision) priors.

    Newton steps on the log posterior; evidence by Laplace: log p(y | mode) + log prior(mode)
    - log det(H) / 2 (constants dropped). A precision of 0 is a flat prior.

    >>> x = np.column_stack([np.ones(4), [0.0, 0.0, 1.0, 1.0]])
    >>> mode, _, _ = fit_logit(x, np.array([0.0, 1.0, 1.0, 1.0]), np.array([0.0, 1.0]))
    >>> bool(0 < mode[1] < 2)
    True
    """
    mode = np.zeros(design.shape[1]) if start is None else start
    hessian = np.eye(len(mode))
    for _ in range(STEPS):
        chance = expit(design @ mode)
        hessian = (design * (chance * (1 - chance))[:, None]).T @ design
        hessian[np.diag_indices_from(hessian)] += precision + 1e-6
        step = np.linalg.solve(hessian, design.T @ (outcome - chance) - precision * mode)
        mode = mode + step * min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-12))
        if float(np.abs(step).max()) < 1e-6:
            break
    linear = design @ mode
    fit = float(outcome @ linear - np.logaddexp(0.0, linear).sum())
    strict = precision[precision > 0]
    prior = float(-0.5 * (precision * mode**2).sum() + 0.5 * np.log(strict).sum())
    evidence = fit + prior - 0.5 * float(np.linalg.slogdet(hessian)[1])
    return mode, np.linalg.inv(hessian), evidence


def _precisions(columns: int, width: int, prior: float) -> FloatArray:
    """Return the prior precision of each column of the design: free intercept, offset and mean
    slope; products four times as strict as features."""
    z = (columns - 3) // 2
    each = np.where(np.arange(z) < width, prior, 4.0 * prior)
    return np.concatenate([[0.0, 0.0], each, [0.0], each])


def _log_odds(chance: FloatArray) -> FloatArray:
    return np.asarray(logit(np.clip(chance, EDGE, 1 - EDGE)))


def _bend(features: FloatArray) -> FloatArray:
    return np.sign(features) * np.log1p(np.abs(features))
