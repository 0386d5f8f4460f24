"""What random price shocks say about every item: one bias per category, shared and shrunk."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from scipy.special import logsumexp

from pricing.core.arrays import BoolArray, FloatArray, IntArray
from pricing.core.demand.causal import Residuals, SlopePairs
from pricing.core.demand.shrink import positive_moments

# Fewer draws in a category than this leave its elasticities observational.
MIN_SHOCKS = 12
# Beliefs about global mean elasticity and bias before any data: mean and sd. Brands' elasticities
# are -2.6 on average (Bijmolt, van Heerde and Pieters 2005), with promotion controls nearer to -1.4
# (Complete Journey); prices follow demand, which makes observed slopes too flat rather than steep.
GLOBAL_PRIOR = ((-2.0, 0.8), (0.5, 1.5))
# Standard deviations tried, weighted by how well they explain what was seen: of items around their
# category (elasticity, bias), of categories around the global mean (elasticity, bias).
ITEM_SD, ITEM_BIAS_SD = (0.1, 0.2, 0.35, 0.55, 0.85), (0.02, 0.12, 0.25, 0.45, 0.8)
CATEGORY_SD, CATEGORY_BIAS_SD = (0.05, 0.25, 0.5, 0.9), (0.02, 0.15, 0.35, 0.7)
# Large deviations are unlikely before any data: half-normal with this scale.
SD_SCALE = 0.35
BOTH = np.array([[1.0, 1.0], [1.0, 0.0]])
UNBOUNDED = 1e6


@dataclass(frozen=True, slots=True)
class CausalElasticities:
    """Elasticities d ln q / d ln p (N,), negative, with posterior sd, and where they come from.

    `is_randomized` (N,): the item's category has enough draws; the others are
    observational and `badges` says so. `bias` and `bias_sd` (C,) are what the observational slopes
    of each category had too much. `wrong_sign_share` counts before the sign was held.
    """

    elasticity: FloatArray
    sd: FloatArray
    is_randomized: BoolArray
    bias: FloatArray
    bias_sd: FloatArray
    wrong_sign_share: float
    items: Any
    categories: Any

    @property
    def badges(self) -> list[str]:
        """What a page says beside each elasticity."""
        return ["randomized" if one else "observational" for one in self.is_randomized]


@dataclass(frozen=True, slots=True)
class _Scales:
    """One guess of the four standard deviations, as variances."""

    item: float
    item_bias: float
    category: float
    category_bias: float


@dataclass(frozen=True, slots=True)
class _Posterior:
    evidence: float
    mean: FloatArray
    variance: FloatArray
    bias: FloatArray
    bias_variance: FloatArray


def shock_delta(residuals: Residuals, slope: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the plain correction of each category (C,) and its standard error (C,).

        delta_c = sum z (ry - e_i rp) / sum z rp

    over the category's randomised item-weeks, z the shock, e_i the observational `slope` (N,):
    the instrumental-variable slope of what the observational model left unexplained. 0 with an
    unbounded error where nothing was randomised.
    """
    count = len(residuals.categories)
    category = residuals.category[residuals.item]
    left = residuals.sales - slope[residuals.item] * residuals.price
    top = np.bincount(category, residuals.shock * left, count)
    below = np.bincount(category, residuals.shock * residuals.price, count)
    is_known = below > 1e-9
    safe = np.where(is_known, below, 1.0)
    delta = np.where(is_known, top / safe, 0.0)
    error = residuals.shock * (left - delta[category] * residuals.price)
    se = np.sqrt(np.bincount(category, error**2, count)) / safe
    return delta, np.where(is_known, se, np.inf)


def shock_debias(pairs: SlopePairs, *, hold_sign: bool = True) -> CausalElasticities:
    """Return elasticities that lean on observation as far as the shocks say it can be trusted.

    Observational slope o_i = e_i + d_i + noise, randomised slope r_i = e_i + noise, with

        e_i ~ N(e_c, s1), d_i ~ N(d_c, s2), e_c ~ N(e, s3), d_c ~ N(d, s4):

    the correction delta of `shock_delta`, shrunk item -> category -> global like the elasticity
    itself. Everything is Gaussian, so the posterior is closed; the four variances are averaged
    over a grid with weights from the marginal likelihood, so their doubt is in the sd. Without a
    shock the bias cannot be seen: it then stays as wide as the prior, and so do the intervals.
    Source: experimental grounding, Kallus, Puli and Shalit 2018 (NeurIPS); two-level normal model,
    Gelman et al., Bayesian Data Analysis, 3rd ed., ch. 5.
    """
    points = np.array(list(product(ITEM_SD, ITEM_BIAS_SD, CATEGORY_SD, CATEGORY_BIAS_SD)))
    fits = [_fit(pairs, _Scales(*(point**2).tolist())) for point in points]
    evidence = np.array([fit.evidence for fit in fits])
    evidence = evidence - 0.5 * (points**2).sum(axis=1) / SD_SCALE**2
    weight = np.exp(evidence - logsumexp(evidence))
    kept = np.flatnonzero(weight > 1e-6)
    share = weight[kept] / weight[kept].sum()
    mean, variance = _mix(share, [fits[at].mean for at in kept], [fits[at].variance for at in kept])
    bias, bias_variance = _mix(
        share, [fits[at].bias for at in kept], [fits[at].bias_variance for at in kept]
    )
    magnitude, sd = -mean, np.sqrt(variance)
    wrong = float(np.mean(magnitude <= 0.0)) if len(mean) else 0.0
    if hold_sign:
        magnitude, sd = positive_moments(magnitude, sd)
    return CausalElasticities(
        elasticity=-magnitude,
        sd=sd,
        is_randomized=pairs.draws[pairs.category] >= MIN_SHOCKS,
        bias=bias,
        bias_sd=np.sqrt(bias_variance),
        wrong_sign_share=wrong,
        items=pairs.items,
        categories=pairs.categories,
    )


def observational_elasticity(pairs: SlopePairs) -> CausalElasticities:
    """Return elasticities shrunk as if observation were unbiased: what to compare against.

    The model of `shock_debias` with the bias fixed at 0 and the shocks unread. Its intervals hold
    only sampling noise, so they are too narrow where prices follow demand.
    """
    blind = SlopePairs(
        slope=np.stack([pairs.slope[:, 0], np.zeros(len(pairs.slope))], axis=1),
        covariance=_unlink(pairs.covariance, np.ones(len(pairs.slope), dtype=np.bool_)),
        shocks=np.zeros_like(pairs.shocks),
        draws=np.zeros_like(pairs.draws),
        category=pairs.category,
        items=pairs.items,
        categories=pairs.categories,
    )
    unbiased = (GLOBAL_PRIOR[0], (0.0, 1e-4))
    best = max(
        (
            _fit(blind, _Scales(item**2, 1e-8, category**2, 1e-8), unbiased)
            for item, category in product(ITEM_SD, CATEGORY_SD)
        ),
        key=lambda fit: fit.evidence,
    )
    magnitude, sd = positive_moments(-best.mean, np.sqrt(best.variance))
    nobody = np.zeros(len(pairs.category), dtype=np.bool_)
    none = np.zeros(len(pairs.categories))
    wrong = float(np.mean(best.mean >= 0.0))
    return CausalElasticities(
        -magnitude, sd, nobody, none, none + np.inf, wrong, pairs.items, pairs.categories
    )


def _unlink(covariance: FloatArray, is_blind: BoolArray) -> FloatArray:
    """Return error covariances in which a slope without shocks says nothing."""
    safe = covariance.copy()
    safe[is_blind, 0, 1] = safe[is_blind, 1, 0] = 0.0
    safe[is_blind, 1, 1] = UNBOUNDED
    return safe


def _fit(
    pairs: SlopePairs, scales: _Scales, prior: tuple[tuple[float, float], ...] = GLOBAL_PRIOR
) -> _Posterior:
    """Return log marginal likelihood and posterior moments for one guess of the variances."""
    noise = _unlink(pairs.covariance, pairs.shocks == 0)
    spread = np.array([[scales.item + scales.item_bias, scales.item], [scales.item, scales.item]])
    total = noise + spread
    inner = np.linalg.inv(total)
    data = pairs.slope
    information = BOTH.T @ inner @ BOTH
    score = np.einsum("ji,njk,nk->ni", BOTH, inner, data)
    count = len(pairs.categories)
    sums, scores = np.zeros((count, 2, 2)), np.zeros((count, 2))
    np.add.at(sums, pairs.category, information)
    np.add.at(scores, pairs.category, score)
    loose = np.diag([1.0 / scales.category, 1.0 / scales.category_bias])
    tight = np.linalg.inv(sums + loose)
    centre = np.array([one[0] for one in prior])
    prior_precision = np.diag([one[1] ** -2.0 for one in prior])
    top = np.linalg.inv(prior_precision + (loose - loose @ tight @ loose).sum(axis=0))
    start = prior_precision @ centre + np.einsum("ij,cjk,ck->i", loose, tight, scores)
    overall = top @ start
    mean = np.einsum("cij,cj->ci", tight, scores + loose @ overall)
    covariance = tight + tight @ loose @ top @ loose @ tight
    evidence = -0.5 * (
        np.linalg.slogdet(total)[1].sum()
        + np.einsum("ni,nij,nj->", data, inner, data)
        - np.linalg.slogdet(tight)[1].sum()
        - count * np.linalg.slogdet(loose)[1]
        - np.einsum("ci,cij,cj->", scores, tight, scores)
        - np.linalg.slogdet(top)[1]
        - start @ overall
    )
    own = (mean[pairs.category], covariance[pairs.category])
    item_mean, item_variance = _item_moments(inner, data, own, scales.item)
    return _Posterior(float(evidence), item_mean, item_variance, mean[:, 1], covariance[:, 1, 1])


def _item_moments(
    inner: FloatArray, data: FloatArray, category: tuple[FloatArray, FloatArray], variance: float
) -> tuple[FloatArray, FloatArray]:
    """Return each item's posterior mean and variance (N,), given those of its category."""
    gain = variance * inner.sum(axis=1)
    rest = np.array([1.0, 0.0]) - gain @ BOTH
    mean = (gain * data).sum(axis=1) + (rest * category[0]).sum(axis=1)
    doubt = np.einsum("ni,nij,nj->n", rest, category[1], rest)
    return mean, variance * (1.0 - gain.sum(axis=1)) + doubt


def _mix(
    share: FloatArray, means: list[FloatArray], variances: list[FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """Return mean and variance of a mixture."""
    stacked = np.stack(means)
    mean = share @ stacked
    spread = share @ (np.stack(variances) + (stacked - mean) ** 2)
    return mean, np.maximum(spread, 1e-12)


def interval(estimates: CausalElasticities, z: float = 1.645) -> tuple[FloatArray, FloatArray]:
    """Return the central interval (90 % by default) of each elasticity, never above zero."""
    low = estimates.elasticity - z * estimates.sd
    return low, np.minimum(estimates.elasticity + z * estimates.sd, 0.0)


def count_randomized(pairs: SlopePairs) -> IntArray:
    """Return the randomised item-weeks of each category, (C,)."""
    return np.bincount(pairs.category, pairs.shocks, len(pairs.categories)).astype(np.int64)
