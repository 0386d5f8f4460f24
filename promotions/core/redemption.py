"""Will a shopper use a campaign's offer? A random-intercept logit whose past is filtered.

    P(used in the whole window) = 1 / (1 + exp(-(a + b.x + tau theta_h))),   theta_h ~ N(0, 1)
    P(used in a part of it)     = 1 - (1 - P)^(part^gamma)

Each shopper h has a readiness theta of their own to use offers, known by a posterior: before each
campaign theta is filtered by what became of the shopper's earlier ones, so that three teach more
than one, without counts that grow with the length of the history (trained on
a young shop, such counts promise too much to an older one). Labels that end before the window does
tell of a part of it; gamma < 1, since most uses come early, is the exponent of the times of first
use. b has Gaussian priors; everything is fitted together by the marginal likelihood, theta summed
out by Gauss-Hermite quadrature (Bock and Aitkin 1981).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logsumexp
from sklearn.base import BaseEstimator

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(25)
LOG_WEIGHTS = np.log(WEIGHTS / WEIGHTS.sum())
LEAST = 1e-12


@dataclass(frozen=True, slots=True)
class Rows:
    """n pairs of shopper and campaign: features (n, d), shopper (n,), and the part of the
    campaign's window (0 to 1) that is asked or told about, (n,)."""

    features: FloatArray
    shopper: IntArray
    part: FloatArray


@dataclass(frozen=True, slots=True)
class Past:
    """m earlier pairs known when pair `row` began: which one it was (`earlier`, a place in the same
    rows), what part of its window had passed then and whether it was used by then, (m,) each."""

    row: IntArray
    earlier: IntArray
    part: FloatArray
    used: NDArray[np.bool_]


class FilteredLogit(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """The model above. `strictness` is the precision of the priors on b for standardised x.

    Learned: `intercept_`, `coef_` (d,), `tau_`, `gamma_`, `mean_` and `sd_` (d,) of the features.

    >>> rng = np.random.default_rng(0)
    >>> theta, x = np.repeat(rng.normal(size=400), 3), rng.normal(size=(1_200, 1))
    >>> used = rng.random(1_200) < expit(-1 + x[:, 0] + theta)
    >>> rows = Rows(x, np.repeat(np.arange(400), 3), np.ones(1_200))
    >>> model = FilteredLogit().fit(rows, used)
    >>> bool(0.7 < model.tau_ < 1.4), model.predict(rows).shape
    (True, (1200,))
    """

    intercept_: float
    coef_: FloatArray
    tau_: float
    gamma_: float
    mean_: FloatArray
    sd_: FloatArray

    def __init__(self, *, strictness: float = 48.0) -> None:
        self.strictness = strictness

    def fit(self, rows: Rows, used: NDArray[np.bool_], first_use: FloatArray | None = None) -> Self:
        """Learn from labels (n,); `first_use` (m,) are the parts of the window after which offers
        were first used (of campaigns seen to their end), for gamma. Raises ValueError if nobody or
        everybody used one."""
        outcome = np.asarray(used, dtype=bool)
        if outcome.all() or not outcome.any():
            raise ValueError("offers were used by nobody or by everybody: nothing to learn")
        self.mean_ = rows.features.mean(axis=0)
        self.sd_ = np.maximum(rows.features.std(axis=0), 1e-9)
        self.gamma_ = 1.0 if first_use is None else _fit_gamma(first_use)
        z, exposure = self._scale(rows.features), rows.part**self.gamma_
        owner = np.unique(rows.shopper, return_inverse=True)[1]
        start = np.concatenate([[-2.0], np.zeros(z.shape[1]), [0.0]])
        found = minimize(
            lambda weights: self._loss(weights, z, outcome, exposure, owner),
            start,
            jac=True,
            method="L-BFGS-B",
        ).x
        self.intercept_, self.coef_, self.tau_ = (
            float(found[0]),
            found[1:-1],
            float(np.exp(found[-1])),
        )
        return self

    def predict(self, rows: Rows, past: Past | None = None) -> FloatArray:
        """Return the chance of each pair to be used within its part of the window, (n,)."""
        linear = self.intercept_ + self._scale(rows.features) @ self.coef_
        weight = np.tile(LOG_WEIGHTS, (len(linear), 1))
        if past is not None:
            told = _log_chances(self._nodes(linear[past.earlier]), past.part**self.gamma_)
            np.add.at(weight, past.row, np.where(past.used[:, None], told[0], told[1]))
        posterior = np.exp(weight - logsumexp(weight, axis=1)[:, None])
        misses = _log_chances(self._nodes(linear), rows.part**self.gamma_)[1]
        return np.asarray(-(posterior * np.expm1(misses)).sum(axis=1))

    def _loss(
        self,
        weights: FloatArray,
        z: FloatArray,
        used: NDArray[np.bool_],
        exposure: FloatArray,
        owner: IntArray,
    ) -> tuple[float, FloatArray]:
        """Return minus the log posterior of (a, b, log tau) and its gradient."""
        b, tau = weights[1:-1], np.exp(weights[-1])
        eta = (weights[0] + z @ b)[:, None] + tau * NODES
        hit, miss, d_hit, d_miss = _log_chances(eta, exposure)
        by_owner = np.tile(LOG_WEIGHTS, (int(owner.max()) + 1, 1))
        np.add.at(by_owner, owner, np.where(used[:, None], hit, miss))
        total = logsumexp(by_owner, axis=1)
        posterior = np.exp(by_owner - total[:, None])[owner]
        pull = np.where(used[:, None], d_hit, d_miss) * posterior
        loss = -float(total.sum()) + 0.5 * self.strictness * float(b @ b)
        slope = [
            [pull.sum()],
            z.T @ pull.sum(axis=1) - self.strictness * b,
            [(pull * NODES).sum() * tau],
        ]
        return loss, -np.concatenate(slope)

    def _scale(self, features: FloatArray) -> FloatArray:
        return np.asarray((features - self.mean_) / self.sd_)

    def _nodes(self, linear: FloatArray) -> FloatArray:
        return np.asarray(linear[:, None] + self.tau_ * NODES)


def _log_chances(
    eta: FloatArray, exposure: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return log P(used), log P(not used) and their slopes in eta, each like `eta`."""
    part = exposure[:, None]
    whole = expit(eta)
    miss = -np.logaddexp(0.0, eta) * part
    hit = np.maximum(-np.expm1(miss), LEAST)
    return np.log(hit), miss, part * whole * np.exp(miss) / hit, -part * whole


def _fit_gamma(first_use: FloatArray) -> float:
    """Return the exponent of F(part) = part^gamma by maximum likelihood: -1 / mean(log part)."""
    return float(-1.0 / np.mean(np.log(np.clip(first_use, 1e-3, 1.0 - 1e-9))))
