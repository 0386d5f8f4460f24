"""How much steeper demand is for shoppers who bought more on offer: one weight, from purchases."""

from __future__ import annotations

from typing import Self

import numpy as np
from scipy.optimize import minimize

from pricing.core.demand.shrink import positive_moments
from pricing.core.values import FloatArray


class DealSensitivity:
    """Conditional multinomial estimate of the `deals` weight of `SignalWeights`.

    Shoppers are put into B groups by their signal s_b in [0, 1] (earlier purchases on offer).
    Given the units n_it of item i in week t, the group of each unit is multinomial with

        log p_b = a_ib - w s_b e_i x_it + const,    x = centred log price,

    so everything about item and week cancels: season, promotion, stock, the common elasticity
    e_i. w >= 0 is held by a truncated normal prior. Source: conditional logit, McFadden 1974.

    Learned: `weight_`, `weight_sd_` (posterior), `raw_weight_` and `raw_sd_` (the data alone).

    >>> rng = np.random.default_rng(1)
    >>> x = rng.choice([0.1, -0.2], size=(60, 30))
    >>> strength = np.array([0.0, 0.5, 1.0])
    >>> mu = 20 * np.exp(-2.0 * (1 + 0.4 * strength[None, :, None]) * x[:, None, :])
    >>> model = DealSensitivity().fit(x, rng.poisson(mu).astype(float), np.full(60, 2.0), strength)
    >>> bool(abs(model.weight_ - 0.4) < 0.08)
    True
    """

    weight_: float
    weight_sd_: float
    raw_weight_: float
    raw_sd_: float

    def __init__(
        self, *, prior_mean: float = 0.25, prior_sd: float = 0.25, ridge: float = 0.1
    ) -> None:
        self.prior_mean = prior_mean
        self.prior_sd = prior_sd
        self.ridge = ridge

    def fit(
        self, log_price: FloatArray, units: FloatArray, elasticity: FloatArray, strength: FloatArray
    ) -> Self:
        """Learn from centred `log_price` (N, T), `units` (N, B, T), `elasticity` (N,) > 0 and
        `strength` (B,)."""
        slope = -strength[None, :, None] * elasticity[:, None, None] * log_price[:, None, :]
        items, groups, _ = units.shape
        start = np.zeros(1 + items * (groups - 1))
        found = minimize(
            self._loss, start, args=(slope, units), jac=True, method="L-BFGS-B", options=_OPTIONS
        )
        self.raw_weight_ = float(found.x[0])
        self.raw_sd_ = self._sd(found.x, slope, units)
        precision = 1.0 / self.raw_sd_**2 + 1.0 / self.prior_sd**2
        mean = self.raw_weight_ / self.raw_sd_**2 + self.prior_mean / self.prior_sd**2
        moments = positive_moments(np.array([mean / precision]), np.array([precision**-0.5]))
        self.weight_, self.weight_sd_ = float(moments[0][0]), float(moments[1][0])
        return self

    def _loss(
        self, parameters: FloatArray, slope: FloatArray, units: FloatArray
    ) -> tuple[float, FloatArray]:
        level = _levels(parameters, units)
        chance, log_total = _softmax(level[:, :, None] + parameters[0] * slope)
        total = units.sum(axis=1)
        eta = level[:, :, None] + parameters[0] * slope
        loss = (total * log_total).sum() - (units * eta).sum()
        excess = total[:, None, :] * chance - units
        by_level = excess.sum(axis=2)[:, 1:] + self.ridge * level[:, 1:]
        gradient = np.concatenate([[(excess * slope).sum()], by_level.ravel()])
        return float(loss + 0.5 * self.ridge * (level**2).sum()), gradient

    def _sd(self, parameters: FloatArray, slope: FloatArray, units: FloatArray) -> float:
        """Return the sd of w from the Fisher information, levels of items profiled out."""
        level = _levels(parameters, units)
        chance, _ = _softmax(level[:, :, None] + parameters[0] * slope)
        total = units.sum(axis=1)[:, None, :]
        centred = slope - (chance * slope).sum(axis=1, keepdims=True)
        own = (total * chance * slope * centred).sum()
        cross = (total * chance * centred).sum(axis=2)[:, 1:]
        weighted = total * chance
        inner = -np.einsum("ibt,ict->ibc", weighted, chance)
        diagonal = np.arange(units.shape[1])
        inner[:, diagonal, diagonal] += weighted.sum(axis=2)
        inner = inner[:, 1:, 1:] + self.ridge * np.eye(units.shape[1] - 1)
        solved = np.linalg.solve(inner, cross[:, :, None])[:, :, 0]
        information = own - (cross * solved).sum()
        return float(max(information, 1e-9) ** -0.5)


_OPTIONS = {"maxiter": 500, "maxfun": 2_000}


def _levels(parameters: FloatArray, units: FloatArray) -> FloatArray:
    """Return a_ib (N, B); the first group's level is 0."""
    items, groups, _ = units.shape
    level = np.zeros((items, groups))
    level[:, 1:] = parameters[1:].reshape(items, groups - 1)
    return level


def _softmax(eta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return probabilities over axis 1 and the log of their normalizer (N, T)."""
    top = eta.max(axis=1, keepdims=True)
    scaled = np.exp(eta - top)
    total = scaled.sum(axis=1, keepdims=True)
    return scaled / total, (np.log(total) + top)[:, 0]
