"""Penalised Newton (IRLS) for many small Poisson regressions at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.base.core.values import FloatArray

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
