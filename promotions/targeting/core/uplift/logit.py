"""Logit with discount x features: the response model, a handful of arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from promotions.targeting.core.uplift.features import FloatArray, Frame, read_frame, require_allowed
from promotions.targeting.core.uplift.treatment_log import TreatmentLog

STEPS = 30
PRIORS = (1_024.0, 256.0, 64.0, 16.0)


class StoredOtherwise(ValueError):
    """Arrays that another release stored, of another model."""


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


class ResponseLogit:
    """logit P(buy) = a + b.z + depth (s + t.z), z the scaled features, squares and products.

    Gaussian priors of precision `prior` on b and t (four times as strict for products); of PRIORS
    the one with the largest evidence (Laplace) is taken. Responses are made isotonic over depth.
    Learned: `names`, `scale`, `mode`, `prior`.

    >>> rng = np.random.default_rng(0)
    >>> spend, depth = rng.random(4_000), rng.choice([0.0, 0.1, 0.2], 4_000)
    >>> bought = rng.random(4_000) < expit(-1 + 10 * depth * spend)
    >>> trial = TreatmentLog.read({"spend": spend}, depth, bought, np.full(4_000, 1 / 3))
    >>> model = ResponseLogit().fit(trial)
    >>> chance = model.predict({"spend": [0.1, 0.9]}, [0.0, 0.2])
    >>> low, high = chance[:, 1] - chance[:, 0]
    >>> bool(low < 0.15 < high)
    True
    """

    names: tuple[str, ...]
    scale: Scale
    mode: FloatArray
    prior: float

    def fit(self, trial: TreatmentLog) -> Self:
        """Learn from a randomised arm."""
        self.names, self.scale = trial.names, Scale().fit(trial.features)
        design = self._design(trial.features, trial.depth)
        evidence, start = -np.inf, np.zeros(design.shape[1])
        for prior in PRIORS:  # each starts from the last one's mode: a few steps suffice
            precision = _precisions(design.shape[1], len(self.names), prior)
            start, found = fit_logit(design, trial.outcome, precision, start)
            if found > evidence:
                evidence, self.prior, self.mode = found, prior, start
        return self

    def predict(self, frame: Frame, depths: ArrayLike) -> FloatArray:
        """Return the chance to buy at each of k depths, (n, k), never falling with depth."""
        return self.respond(read_frame(frame, self.names), depths)

    def respond(self, features: FloatArray, depths: ArrayLike) -> FloatArray:
        """Return the same of features (n, d) in the order of `names`; depths in any order."""
        asked = np.asarray(depths, dtype=float)
        if not ((asked >= 0) & (asked < 1)).all():
            raise ValueError("a depth is a share of the price, below 1")
        ladder, place = np.unique(np.concatenate([[0.0], asked]), return_inverse=True)
        each = [self._design(features, np.full(len(features), depth)) for depth in ladder]
        chance = np.column_stack([expit(design @ self.mode) for design in each])
        return make_isotone(chance)[:, place[1:]]

    def pack(self) -> dict[str, NDArray[Any]]:
        """Return the model as arrays that `unpack` reads."""
        return {
            "names": np.array(self.names),
            "mean": self.scale.mean,
            "sd": self.scale.sd,
            "mode": self.mode,
        }

    @classmethod
    def unpack(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the model that was packed. Raises StoredOtherwise for arrays of another one."""
        model = cls()
        model.names = tuple(str(name) for name in arrays["names"])
        require_allowed(model.names)
        model.scale = Scale()
        model.scale.mean, model.scale.sd = arrays["mean"], arrays["sd"]
        model.mode = arrays["mode"]
        if len(model.mode) != 2 * (1 + count_terms(len(model.names))):
            raise StoredOtherwise("the arrays are not those of this model: train it again")
        return model

    def _design(self, features: FloatArray, depth: FloatArray) -> FloatArray:
        z = self.scale.read(features)
        slope = depth[:, None] * 4.0
        return np.concatenate([np.ones((len(z), 1)), z, slope, slope * z], axis=1)


def fit_logit(
    design: FloatArray,
    outcome: FloatArray,
    precision: FloatArray,
    start: FloatArray | None = None,
) -> tuple[FloatArray, float]:
    """Return mode and log evidence of a logit with N(0, 1 / precision) priors.

    Newton steps on the log posterior; evidence by Laplace: log p(y | mode) + log prior(mode)
    - log det(H) / 2 (constants dropped). A precision of 0 is a flat prior.

    >>> x = np.column_stack([np.ones(4), [0.0, 0.0, 1.0, 1.0]])
    >>> mode, _ = fit_logit(x, np.array([0.0, 1.0, 1.0, 1.0]), np.array([0.0, 1.0]))
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
    return mode, evidence


def count_terms(features: int) -> int:
    """Return how many columns `Scale.read` makes of so many features.

    >>> count_terms(2)
    5
    """
    return features + features * (features + 1) // 2


def _precisions(columns: int, width: int, prior: float) -> FloatArray:
    """Return the prior precision of each column of the design: free intercept and mean slope;
    products four times as strict as features."""
    each = np.where(np.arange(columns // 2 - 1) < width, prior, 4.0 * prior)
    return np.concatenate([[0.0], each, [0.0], each])


def _bend(features: FloatArray) -> FloatArray:
    return np.sign(features) * np.log1p(np.abs(features))


def make_isotone(response: FloatArray) -> FloatArray:
    """Return the nearest response (n, k) in squared error that never falls from left to right.

    By the min-max formula of isotonic regression, iso_j = max_{a <= j} min_{b >= j} mean(a..b)
    (Barlow et al. 1972): exact, and for the few depths of an offer faster than pooling row by row.

    >>> make_isotone(np.array([[0.1, 0.3, 0.2, 0.4]])).round(3).tolist()
    [[0.1, 0.25, 0.25, 0.4]]
    """
    depths = response.shape[1]
    sums = np.concatenate([np.zeros((len(response), 1)), np.cumsum(response, axis=1)], axis=1)
    best = np.full((len(response), depths), -np.inf)
    for start in range(depths):
        ends = np.arange(start + 1, depths + 1)
        means = (sums[:, start + 1 :] - sums[:, start : start + 1]) / (ends - start)
        # The least mean over ends at or after each place, from this start
        least = np.minimum.accumulate(means[:, ::-1], axis=1)[:, ::-1]
        best[:, start:] = np.maximum(best[:, start:], least)
    return best
