"""The champion: partially pooled Poisson regression of weekly units, one small model per item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.core.metrics import count_interval
from pricing.demand.core.shrink import (
    Hierarchy,
    learn_hierarchy,
    positive_moments,
    widen_for_means,
    wrong_sign_share,
)
from pricing.demand.core.training_cells import OWN_PRICE

ETA_LIMIT = 20.0
BLOCK_ITEMS = 2_000


@dataclass(frozen=True, slots=True)
class Prior:
    """beta_i ~ N(mean_i, covariance): `mean` (N, K), `precision` (K, K), its inverse."""

    mean: FloatArray
    precision: FloatArray


@dataclass(frozen=True, slots=True)
class Cells:
    """Counts and what explains them: `design` (N, R, K), the others (N, R); `weight` 0 hides."""

    design: FloatArray
    count: FloatArray
    offset: FloatArray
    weight: FloatArray


def expected_count(design: FloatArray, coefficient: FloatArray, offset: FloatArray) -> FloatArray:
    """Return exp(x'beta + offset), (N, R), with the exponent kept finite.

    >>> expected_count(np.ones((1, 1, 1)), np.array([[0.0]]), np.zeros((1, 1))).tolist()
    [[1.0]]
    """
    eta = np.matmul(design, coefficient[:, :, None])[:, :, 0] + offset
    count: FloatArray = np.exp(np.clip(eta, -ETA_LIMIT, ETA_LIMIT))
    return count


def fit_newton(
    cells: Cells,
    prior: Prior,
    dispersion: FloatArray,
    start: FloatArray,
    *,
    steps: int,
    tolerance: float = 1e-8,
) -> tuple[FloatArray, FloatArray]:
    """Return posterior modes (N, K) and Laplace covariances (N, K, K) of N regressions.

    Maximises sum_r w (y eta - exp eta) / phi - (b - m)' P (b - m) / 2 per item. The objective is
    concave, so Newton with halved steps ends at the one optimum (Fahrmeir and Tutz 2001, ch. 2).

    >>> count = np.array([[1.0, 2.0, 3.0]])
    >>> cells = Cells(np.ones((1, 3, 1)), count, np.zeros((1, 3)), np.ones((1, 3)))
    >>> flat = Prior(np.zeros((1, 1)), np.array([[1e-12]]))
    >>> mode, cov = fit_newton(cells, flat, np.ones(1), np.zeros((1, 1)), steps=20)
    >>> round(float(np.exp(mode[0, 0])), 6), round(float(cov[0, 0, 0]), 6)
    (2.0, 0.166667)
    """
    mode = start.copy()
    covariance = np.empty((*start.shape, start.shape[1]))
    for begin in range(0, len(start), BLOCK_ITEMS):
        rows = slice(begin, begin + BLOCK_ITEMS)
        block = Cells(cells.design[rows], cells.count[rows], cells.offset[rows], cells.weight[rows])
        own = Prior(prior.mean[rows], prior.precision)
        mode[rows], covariance[rows] = _fit_block(
            block, own, dispersion[rows], mode[rows], steps=steps, tolerance=tolerance
        )
    return mode, covariance


def _fit_block(
    cells: Cells,
    prior: Prior,
    dispersion: FloatArray,
    mode: FloatArray,
    *,
    steps: int,
    tolerance: float,
) -> tuple[FloatArray, FloatArray]:
    scale = cells.weight / dispersion[:, None]
    best = _objective(cells, prior, scale, mode)
    size = np.ones(len(mode))
    for _ in range(steps):
        gradient, hessian = _derivatives(cells, prior, scale, mode)
        step = np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0]
        trial = mode + size[:, None] * step
        value = _objective(cells, prior, scale, trial)
        is_better = value >= best - 1e-12
        mode = np.where(is_better[:, None], trial, mode)
        best = np.where(is_better, value, best)
        size = np.where(is_better, np.minimum(1.0, size * 2.0), size * 0.5)
        if np.abs(step[is_better]).max(initial=0.0) < tolerance and is_better.all():
            break
    _, hessian = _derivatives(cells, prior, scale, mode)
    return mode, np.linalg.inv(hessian)


def _objective(cells: Cells, prior: Prior, scale: FloatArray, mode: FloatArray) -> FloatArray:
    eta = np.matmul(cells.design, mode[:, :, None])[:, :, 0] + cells.offset
    clipped = np.clip(eta, -ETA_LIMIT, ETA_LIMIT)
    fit = (scale * (cells.count * clipped - np.exp(clipped))).sum(axis=1)
    away = mode - prior.mean
    value: FloatArray = fit - 0.5 * np.einsum("nk,kl,nl->n", away, prior.precision, away)
    return value


def _derivatives(
    cells: Cells, prior: Prior, scale: FloatArray, mode: FloatArray
) -> tuple[FloatArray, FloatArray]:
    mu = expected_count(cells.design, mode, cells.offset)
    residual = (scale * (cells.count - mu))[:, None, :]
    gradient = np.matmul(residual, cells.design)[:, 0, :] - (mode - prior.mean) @ prior.precision
    weighted = cells.design * (scale * mu)[:, :, None]
    hessian = np.matmul(weighted.transpose(0, 2, 1), cells.design) + prior.precision
    return gradient, hessian


# Without sales: what weekly grocery sales show elsewhere (Bijmolt, van Heerde and Pieters 2005 find
# -2.6 on average for brands; with display and mailer controls the Journey data shows -1.4).
PRIOR_ELASTICITY, PRIOR_ELASTICITY_SD = 1.5, 0.8
# Between two pooling steps coefficients need not be sharper than the priors are.
SETTLED = 1e-3


class PooledPoisson:
    """Weekly units of N items in G groups of stores: log link, random slopes, local level.

    units ~ Poisson(mu) with extra dispersion phi_i, and

        log mu = share_ig + season_dw + x' beta_i + log level_i
        beta_i ~ N(category mean, S), category means ~ N(global mean, T)

    beta is found by penalised Newton given the priors, the priors by empirical Bayes given beta
    (item -> category -> global), in turns. `season_dw` is a shrunk effect of department and week.
    `level_i` follows the latest weeks (half-life `level_half_life`), so a trend is not forgotten
    and not extrapolated. Elasticities are -beta of the log price; their sign is held by the prior
    that demand falls (truncation at zero), the share with a wrong sign before it is reported.

    Learned: `coef_` (N, K), `covariance_` (N, K, K), `elasticity_`, `elasticity_sd_`,
    `dispersion_`, `level_` (N,), `season_` (D, W), `group_share_` (N, G), `hierarchy_`,
    `wrong_sign_share_`, `level_variance_`.

    >>> rng = np.random.default_rng(0)
    >>> price = rng.choice([0.0, -0.2], size=(40, 1, 30))
    >>> x = np.stack([np.ones_like(price), price], axis=-1)
    >>> y = rng.poisson(np.exp(2.0 - 1.5 * price)).astype(float)
    >>> model = PooledPoisson().fit(x, y, np.zeros(40, dtype=int), np.zeros(40, dtype=int))
    >>> bool(abs(model.elasticity_.mean() - 1.5) < 0.1)
    True
    """

    coef_: FloatArray
    covariance_: FloatArray
    elasticity_: FloatArray
    elasticity_sd_: FloatArray
    dispersion_: FloatArray
    level_: FloatArray
    season_: FloatArray
    group_share_: FloatArray
    hierarchy_: Hierarchy
    wrong_sign_share_: float
    level_variance_: float

    def __init__(
        self,
        *,
        rounds: int = 3,
        pooling_steps: int = 6,
        season_prior: float = 100.0,
        level_half_life: float = 2.0,
        level_prior: float = 50.0,
    ) -> None:
        self.rounds = rounds
        self.pooling_steps = pooling_steps
        self.season_prior = season_prior
        self.level_half_life = level_half_life
        self.level_prior = level_prior

    def fit(
        self,
        design: FloatArray,
        units: FloatArray,
        category: IntArray,
        department: IntArray,
        weight: FloatArray | None = None,
    ) -> Self:
        """Learn from `design` (N, G, W, K) and `units` (N, G, W).

        `category` and `department` (N,) number the pooling and the season groups; `weight`
        (N, G, W) is the share of the week that an item was on sale: 1 for cells that count, 0 for
        those that do not; units are then those of a whole week (`unconstrain_units`). The first
        column of the design is the intercept.
        """
        self._check(design, units)
        if hasattr(self, "hierarchy_"):
            del self.hierarchy_
        items, _, weeks, size = design.shape
        kept = np.ones_like(units) if weight is None else weight
        self.group_share_ = _group_shares(units, kept)
        self.season_ = np.zeros((int(department.max(initial=0)) + 1, weeks))
        self.dispersion_ = np.ones(items)
        self.level_ = np.ones(items)
        start = np.zeros((items, size))
        start[:, 0] = np.log((units * kept).sum((1, 2)) + 0.5) - np.log(kept.sum((1, 2)) + 0.5)
        self.coef_ = start
        for _ in range(self.rounds):
            self._fit_slopes(design, units, category, department, kept)
            mu = self._mean(design, self._offset(department, self.season_))
            self.dispersion_ = _dispersion(units, mu, kept)
            self.season_ = self._season(units, mu, department, kept)
        mu = self._mean(design, self._offset(department, self.season_))
        self.level_variance_ = self._level_variance(units, mu, kept)
        self.level_ = self._local_level(units, mu, kept)
        self.covariance_ = widen_for_means(self.covariance_, self.hierarchy_, category)
        self._hold_sign()
        return self

    def predict_units(
        self, design: FloatArray, department: IntArray, season: FloatArray | None = None
    ) -> FloatArray:
        """Return expected **units of a week**, (N, G, W), for a design of any weeks.

        `season` (D, W) are log effects of those weeks; without it they are ordinary weeks.
        """
        weeks = design.shape[2]
        effects = np.zeros((len(self.season_), weeks)) if season is None else season
        mean = self._mean(design, self._offset(department, effects))
        return mean * self.level_[:, None, None]

    def predict_interval(
        self, mean: FloatArray, coverage: float = 0.8
    ) -> tuple[FloatArray, FloatArray]:
        """Return the central interval around forecasts `mean` (N, G, W).

        Variance phi mu + t mu^2: counting noise, and levels that wander after the last week.
        """
        variance = self.dispersion_[:, None, None] * mean + self.level_variance_ * mean**2
        return count_interval(mean, variance, coverage)

    def _fit_slopes(
        self,
        design: FloatArray,
        units: FloatArray,
        category: IntArray,
        department: IntArray,
        kept: FloatArray,
    ) -> None:
        items, size = len(design), design.shape[-1]
        cells = Cells(
            design.reshape(items, -1, size),
            units.reshape(items, -1),
            self._offset(department, self.season_).reshape(items, -1),
            kept.reshape(items, -1),
        )
        prior = self._prior(items, size, category)
        for _ in range(self.pooling_steps):
            self.coef_, self.covariance_ = fit_newton(
                cells, prior, self.dispersion_, self.coef_, steps=3, tolerance=SETTLED
            )
            self.hierarchy_ = learn_hierarchy(self.coef_, self.covariance_, category)
            prior = self._prior(items, size, category)
        self.coef_, self.covariance_ = fit_newton(
            cells, prior, self.dispersion_, self.coef_, steps=12, tolerance=1e-6
        )

    def _prior(self, items: int, size: int, category: IntArray) -> Prior:
        """Return what the hierarchy says of each item; before there is one it is wide open, around
        what is believed of all products: where prices never moved, that stays."""
        if not hasattr(self, "hierarchy_"):
            mean, covariance = np.zeros((items, size)), np.eye(size)
            covariance[0, 0] = 100.0
            if size > OWN_PRICE:
                mean[:, OWN_PRICE] = -PRIOR_ELASTICITY
                covariance[OWN_PRICE, OWN_PRICE] = PRIOR_ELASTICITY_SD**2
            return Prior(mean, np.linalg.inv(covariance))
        return Prior(
            self.hierarchy_.category_mean[category],
            np.linalg.inv(self.hierarchy_.item_covariance),
        )

    def _offset(self, department: IntArray, season: FloatArray) -> FloatArray:
        offset: FloatArray = self.group_share_[:, :, None] + season[department][:, None, :]
        return offset

    def _mean(self, design: FloatArray, offset: FloatArray) -> FloatArray:
        items, groups, weeks, size = design.shape
        flat = expected_count(
            design.reshape(items, -1, size), self.coef_, offset.reshape(items, -1)
        )
        return flat.reshape(items, groups, weeks)

    def _season(
        self, units: FloatArray, mu: FloatArray, department: IntArray, kept: FloatArray
    ) -> FloatArray:
        """Return updated log effects by department and week, shrunk to 0, centred over weeks."""
        actual, fitted = np.zeros_like(self.season_), np.zeros_like(self.season_)
        plain = mu / np.exp(self.season_[department])[:, None, :]
        np.add.at(actual, department, (units * kept).sum(axis=1))
        np.add.at(fitted, department, (plain * kept).sum(axis=1))
        effect = np.log((actual + self.season_prior) / (fitted + self.season_prior))
        centred: FloatArray = effect - effect.mean(axis=1, keepdims=True)
        return centred

    def _local_level(self, units: FloatArray, mu: FloatArray, kept: FloatArray) -> FloatArray:
        """Return actual / fitted of the latest weeks, exponentially weighted and shrunk to 1."""
        weeks = units.shape[2]
        age = np.arange(weeks - 1, -1, -1)
        decay = 0.5 ** (age / self.level_half_life)
        decay = decay / decay.sum() * (self.level_half_life / np.log(2.0))
        actual = (units * kept * decay).sum(axis=(1, 2)) + self.level_prior
        fitted = (mu * kept * decay).sum(axis=(1, 2)) + self.level_prior
        level: FloatArray = actual / fitted
        return level

    def _level_variance(self, units: FloatArray, mu: FloatArray, kept: FloatArray) -> float:
        """Return t: how far levels wander within ten weeks, by the method of moments."""
        cut = units.shape[2] - 10
        if cut < 10:
            return 0.0
        past = slice(None, cut)
        level = self._local_level(units[:, :, past], mu[:, :, past], kept[:, :, past])
        later = mu[:, :, cut:] * level[:, None, None]
        late = kept[:, :, cut:]
        # A week of which the share s sold has the counting noise phi mu / s: times s, phi mu.
        noise = self.dispersion_[:, None, None] * later * (late > 0.0)
        excess = (units[:, :, cut:] - later) ** 2 * late - noise
        return max(0.0, float(excess.sum() / max((later**2 * late).sum(), 1e-9)))

    def _hold_sign(self) -> None:
        raw = -self.coef_[:, OWN_PRICE]
        sd = np.sqrt(self.covariance_[:, OWN_PRICE, OWN_PRICE])
        self.wrong_sign_share_ = wrong_sign_share(raw)
        self.elasticity_, self.elasticity_sd_ = positive_moments(raw, sd)

    @staticmethod
    def _check(design: FloatArray, units: FloatArray) -> None:
        if design.shape[:3] != units.shape:
            raise ValueError(f"design {design.shape} and units {units.shape} do not fit together")
        if not (np.isfinite(design).all() and np.isfinite(units).all() and (units >= 0).all()):
            raise ValueError("design must be finite; units must be finite and not negative")


def _group_shares(units: FloatArray, kept: FloatArray) -> FloatArray:
    """Return the log share of each group in an item's units, smoothed by one unit, (N, G)."""
    by_group = (units * kept).sum(axis=2) + 1.0
    shares: FloatArray = np.log(by_group / by_group.sum(axis=1, keepdims=True))
    return shares


def _dispersion(units: FloatArray, mu: FloatArray, kept: FloatArray) -> FloatArray:
    """Return Pearson's phi per item (N,), at least 1: counts of shoppers come in clumps."""
    pearson = (units - mu) ** 2 / np.maximum(mu, 0.05) * kept
    cells = np.maximum((kept > 0.0).sum(axis=(1, 2)), 1.0)
    phi: FloatArray = np.maximum(pearson.sum(axis=(1, 2)) / cells, 1.0)
    return phi
