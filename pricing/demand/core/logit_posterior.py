"""Laplace posterior of the hierarchical logit: levels, slopes and probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from scipy.special import expit

from pricing.base.core.values import FloatArray
from pricing.demand.core.logit_layout import Layout, Rows
from pricing.demand.core.objective import ArrowFactor
from pricing.demand.core.shrink import positive_moments

BLOCK_ROWS = 20_000
POINTS = 9


@dataclass(frozen=True, slots=True)
class Joint:
    """Level and slope of rows: means, variances and covariance, all (n,)."""

    level: FloatArray
    slope: FloatArray
    level_variance: FloatArray
    slope_variance: FloatArray
    covariance: FloatArray


def read_joint(
    layout: Layout,
    rows: Rows,
    beta: FloatArray,
    factor: ArrowFactor,
    variances: dict[str, float],
) -> Joint:
    """Return the posterior of each row's (level, slope).

    An item, category or segment never seen brings its prior variance instead of a posterior one.
    """
    parts = [
        _read_block(layout, _slice(rows, begin), beta, factor, variances)
        for begin in range(0, max(len(rows.item), 1), BLOCK_ROWS)
    ]
    return Joint(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _slice(rows: Rows, begin: int) -> Rows:
    part = slice(begin, begin + BLOCK_ROWS)
    return Rows(
        rows.item[part],
        rows.category[part],
        rows.segment[part],
        rows.context[part],
        rows.price_context[part],
    )


def _read_block(
    layout: Layout,
    rows: Rows,
    beta: FloatArray,
    factor: ArrowFactor,
    variances: dict[str, float],
) -> tuple[FloatArray, ...]:
    count = len(layout.items)
    level_part, slope_part = (part.toarray() for part in layout.shared_parts(rows))
    is_known = rows.item >= 0
    at = np.where(is_known, rows.item, 0)
    own = beta[: 2 * count].reshape(count, 2)[at] * is_known[:, None]
    tail = beta[2 * count :]
    lean = factor.lean[at] * is_known[:, None, None]
    away = np.stack([level_part, slope_part], axis=1) - lean
    through = np.einsum("nij,jk,nlk->nil", away, factor.shared, away, optimize=True)
    prior = np.diag([variances["item_level"], variances["item_slope"]])
    whole = through + np.where(is_known[:, None, None], factor.block_inverse[at], prior)
    unseen = {"category": rows.category < 0, "segment": rows.segment < 0}
    for name, is_new in unseen.items():
        whole[:, 0, 0] += is_new * variances[f"{name}_level"]
        whole[:, 1, 1] += is_new * variances[f"{name}_slope"]
    return (
        own[:, 0] + level_part @ tail,
        own[:, 1] + slope_part @ tail,
        whole[:, 0, 0],
        whole[:, 1, 1],
        whole[:, 0, 1],
    )


def hold_sign(joint: Joint) -> Joint:
    """Return the posterior given that each slope is positive: demand falls as the price rises.

    The slope becomes a truncated normal; the level follows it by the regression c / v of a joint
    normal: E[a | b] is linear in b.

    >>> one = np.ones(1)
    >>> held = hold_sign(Joint(0 * one, 0 * one, one, one, 0 * one))
    >>> held.slope.round(3).tolist(), held.level_variance.tolist()
    ([0.798], [1.0])
    """
    sd = np.sqrt(joint.slope_variance)
    slope, slope_sd = positive_moments(joint.slope, sd)
    lean = joint.covariance / joint.slope_variance
    return Joint(
        level=joint.level + lean * (slope - joint.slope),
        slope=slope,
        level_variance=joint.level_variance + lean**2 * (slope_sd**2 - joint.slope_variance),
        slope_variance=slope_sd**2,
        covariance=lean * slope_sd**2,
    )


def expect_chance(eta: FloatArray, variance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return mean and sd of 1 / (1 + exp(-x)) for x ~ N(eta, variance), by Gauss-Hermite.

    >>> mean, sd = expect_chance(np.array([0.0]), np.array([0.0]))
    >>> mean.round(9).tolist(), sd.round(9).tolist()
    ([0.5], [0.0])
    """
    nodes, weights = hermegauss(POINTS)
    weights = weights / weights.sum()
    chance = expit(eta[:, None] + np.sqrt(np.maximum(variance, 0.0))[:, None] * nodes)
    mean = chance @ weights
    second = (chance - mean[:, None]) ** 2 @ weights
    return mean, np.sqrt(second)
