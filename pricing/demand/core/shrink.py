"""Empirical Bayes: what an item is likely to be like, learned from its category and all items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr

from pricing.base.core.values import FloatArray, IntArray

SMALLEST_VARIANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Global mean (K,), category means (C, K), variance of an item around its category (K, K),
    and the posterior variance of each category mean (C, K)."""

    mean: FloatArray
    category_mean: FloatArray
    item_covariance: FloatArray
    category_variance: FloatArray


def learn_hierarchy(mode: FloatArray, covariance: FloatArray, category: IntArray) -> Hierarchy:
    """Return one empirical-Bayes step from item posteriors N(mode_i, covariance_i).

    Items scatter around their category's mean, categories around the global mean. The item
    covariance is the EM update mean((b - m)(b - m)' + V) around shrunk category means; a category
    mean over n items is shrunk by t / (t + s / n) with t the method-of-moments variance between
    categories (Morris 1983; Gelman et al., Bayesian Data Analysis, ch. 5).

    >>> modes = np.array([[-1.0], [-2.0], [-1.5], [-1.4]])
    >>> learned = learn_hierarchy(modes, np.full((4, 1, 1), 0.01), np.array([0, 0, 1, 1]))
    >>> learned.mean.round(3).tolist(), learned.category_mean.round(3).tolist()
    ([-1.475], [[-1.475], [-1.475]])
    """
    count = np.bincount(category)
    global_mean = mode.mean(axis=0)
    raw = _category_means(mode, category, count)
    spread = mode - raw[category]
    within = np.einsum("nk,nl->kl", spread, spread) + covariance.sum(axis=0)
    # As many degrees of freedom are spent as categories have means (REML rather than ML).
    freedom = max(len(mode) - int((count > 0).sum()), len(mode) // 2, 1)
    item_covariance = within / freedom + SMALLEST_VARIANCE * np.eye(mode.shape[1])
    own_variance = np.diag(item_covariance)[None, :] / np.maximum(count, 1)[:, None]
    weight = count / count.sum()
    between = weight @ (raw - global_mean) ** 2 - weight @ own_variance
    between = np.maximum(between, SMALLEST_VARIANCE)
    trust = np.where(count[:, None] > 0, between / (between + own_variance), 0.0)
    return Hierarchy(
        mean=global_mean,
        category_mean=global_mean + trust * (raw - global_mean),
        item_covariance=item_covariance,
        category_variance=between * (1.0 - trust),
    )


def _category_means(mode: FloatArray, category: IntArray, count: IntArray) -> FloatArray:
    sums = np.zeros((len(count), mode.shape[1]))
    np.add.at(sums, category, mode)
    return sums / np.maximum(count, 1)[:, None]


def widen_for_means(covariance: FloatArray, hierarchy: Hierarchy, category: IntArray) -> FloatArray:
    """Return posterior covariances (N, K, K) that also doubt the category means they lean on.

    With prior precision P an item moves by V P when its prior mean moves, so the doubt about that
    mean adds V P T P V' (Kass and Steffey 1989, first-order correction of empirical Bayes).

    >>> one = np.ones((1, 1))
    >>> known = Hierarchy(one[0], one, one, 0.5 * one)
    >>> widen_for_means(0.5 * np.ones((1, 1, 1)), known, np.array([0])).tolist()
    [[[0.625]]]
    """
    lean = covariance @ np.linalg.inv(hierarchy.item_covariance)
    doubt = hierarchy.category_variance[category]
    widened: FloatArray = covariance + np.einsum("nij,nj,nkj->nik", lean, doubt, lean)
    return widened


def positive_moments(mean: FloatArray, sd: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return mean and sd of N(mean, sd^2) given that it is positive.

    Holds the sign of an elasticity magnitude: a law of demand as prior, not a clipped estimate.
    For X | X > 0: mean + sd h and sd^2 (1 - a h - h^2), a = mean / sd, h = phi(a) / Phi(a).

    >>> m, s = positive_moments(np.array([2.0, -0.5]), np.array([0.1, 0.5]))
    >>> m.round(3).tolist(), s.round(3).tolist()
    ([2.0, 0.263], [0.1, 0.223])
    """
    ratio = mean / sd
    hazard = np.exp(-0.5 * ratio**2 - 0.5 * np.log(2.0 * np.pi) - log_ndtr(ratio))
    variance = np.maximum(1.0 - ratio * hazard - hazard**2, 1e-6)
    # Far below zero the formula loses all digits; the tail is then exponential with rate |a| / sd.
    is_far = ratio < -20.0
    tail = sd / np.where(is_far, -ratio, 1.0)
    return (
        np.where(is_far, tail, mean + sd * hazard),
        np.where(is_far, tail, sd * np.sqrt(variance)),
    )


def wrong_sign_share(mean: FloatArray) -> float:
    """Return the share of elasticity magnitudes estimated at or below zero, before the prior.

    >>> wrong_sign_share(np.array([1.0, -0.1]))
    0.5
    """
    return float(np.mean(mean <= 0.0)) if len(mean) else 0.0
