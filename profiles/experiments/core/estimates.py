"""Differences between arms: means, ratios, adjusted by what was known before, at every look.

*Means and ratios.* A metric is a sum of tops over a sum of bases: a mean has bases of 1. With
R = sum y / sum v each unit's influence is (y - R v) / mean v (delta method, Deng et al., "Applying
the delta method in metric analytics", KDD 2018): the variance of R is that of the mean influence.

*Adjusted* (CUPED, Deng et al., WSDM 2013): the same metric of the weeks before the experiment, as
influence x, takes the part of y away that was there before: R - t (mean x of the arm - mean x of
all), t = cov(y, x) / var(x) within arms. What was before cannot follow from the arm, so nothing is
biased; the variance falls by the squared correlation. Lindon, Ham, Tingley and Bojinov,
"Anytime-valid linear models", arXiv 2210.08589, show that regression-adjusted differences keep
their confidence sequences, closed forms of estimate and standard error as used here.

*At every look*: the asymptotic confidence sequence of `sequences`, whose theorem asks no more than
a consistent standard error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, isfinite, log, sqrt

import numpy as np

from profiles.experiments.core.sequences import LEAST_CLUSTERS, FloatArray
from shop.ground.kernel.sequences import best_rho, mixture_margin


@dataclass(frozen=True, slots=True)
class Sample:
    """One metric of n units of an arm: tops and bases, and the same of the weeks before, all (n,).

    `before_top` and `before_base` are None where nothing is known of the past.
    """

    top: FloatArray
    base: FloatArray
    before_top: FloatArray | None = None
    before_base: FloatArray | None = None

    @property
    def ratio(self) -> float:
        """Sum of tops over sum of bases; 0 without bases."""
        base = float(self.base.sum())
        return float(self.top.sum()) / base if base > 0.0 else 0.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """One arm's metric, adjusted if there is a past, with its standard error."""

    mean: float
    error: float
    units: int
    plain_mean: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """An arm less the plain arm, with bounds that hold at every look at once.

    `relative` bounds are of the difference as a share of the plain arm. `kept_variance` is the
    share of the variance that adjusting left (1: nothing gained). `p_value` holds at every look.
    """

    treated: Estimate
    control: Estimate
    difference: float
    error: float
    low: float
    high: float
    relative: float
    relative_low: float
    relative_high: float
    p_value: float
    kept_variance: float


def influence(top: FloatArray, base: FloatArray, ratio: float) -> FloatArray:
    """Return (y - R v) / mean v of n units, (n,); zero where nobody has a base.

    >>> influence(np.array([1.0, 3.0]), np.ones(2), 2.0).tolist()
    [-1.0, 1.0]
    """
    middle = float(base.mean()) if len(base) else 0.0
    return (top - ratio * base) / middle if middle > 0.0 else np.zeros(len(top))


def adjust(samples: Sequence[Sample]) -> tuple[list[Estimate], float]:
    """Return the estimate of each arm, and the share of the variance that adjusting left.

    >>> rng = np.random.default_rng(1)
    >>> past = rng.normal(10.0, 3.0, 2_000)
    >>> now = past + rng.normal(0.0, 1.0, 2_000)
    >>> both = [Sample(now[i::2], np.ones(1_000), past[i::2], np.ones(1_000)) for i in (0, 1)]
    >>> round(adjust(both)[1], 1)
    0.1
    """
    values = [influence(one.top, one.base, one.ratio) for one in samples]
    past = _past(samples)
    if past is None:
        return [_estimate(s, y, 0.0) for s, y in zip(samples, values, strict=True)], 1.0
    inside = [x - x.mean() if len(x) else x for x in past]
    spread = sum(float(x @ x) for x in inside)
    slope = sum(float(y @ x) for y, x in zip(values, inside, strict=True)) / spread
    left = [y - slope * x for y, x in zip(values, inside, strict=True)]
    before = sum(float(y @ y) for y in values)
    kept = sum(float(y @ y) for y in left) / before if before > 0.0 else 1.0
    shifts = [slope * float(x.mean()) if len(x) else 0.0 for x in past]
    found = zip(samples, left, shifts, strict=True)
    return [_estimate(one, y, shift) for one, y, shift in found], min(1.0, kept)


def _past(samples: Sequence[Sample]) -> list[FloatArray] | None:
    """Return the influence of each arm's past around the ratio of all; None if it tells nothing."""
    tops = [one.before_top for one in samples if one.before_top is not None]
    bases = [one.before_base for one in samples if one.before_base is not None]
    if len(tops) < len(samples) or len(bases) < len(samples):
        return None
    base = np.concatenate(bases)
    middle = float(base.mean()) if len(base) else 0.0
    if middle <= 0.0:
        return None
    ratio = float(np.concatenate(tops).sum()) / float(base.sum())
    past = [(y - ratio * v) / middle for y, v in zip(tops, bases, strict=True)]
    spread = sum(float(((x - x.mean()) ** 2).sum()) for x in past if len(x))
    return past if spread > 0.0 else None


def _estimate(sample: Sample, value: FloatArray, shift: float) -> Estimate:
    count = len(value)
    error = sqrt(float(value @ value) / (count * (count - 1))) if count > 1 else inf
    return Estimate(sample.ratio - shift, error, count, sample.ratio)


def compare(
    treated: Estimate,
    control: Estimate,
    *,
    alpha: float = 0.05,
    tuned_for: float = 2_000.0,
    least: int = LEAST_CLUSTERS,
    kept_variance: float = 1.0,
) -> Comparison:
    """Return the difference of two estimates with bounds that hold at every look.

    Time is counted in units of the smaller arm; bounds are narrowest after `tuned_for` of them,
    which must be fixed beforehand. They are infinite below `least` units.

    >>> found = compare(Estimate(2.2, 0.01, 900, 2.2), Estimate(2.0, 0.01, 900, 2.0))
    >>> round(found.difference, 3), found.low > 0.0, round(found.relative, 3)
    (0.2, True, 0.1)
    """
    return compare_scores(
        treated,
        control,
        sqrt(treated.error**2 + control.error**2),
        min(treated.units, control.units),
        alpha=alpha,
        tuned_for=tuned_for,
        least=least,
        kept_variance=kept_variance,
    )


def compare_scores(
    treated: Estimate,
    control: Estimate,
    error: float,
    count: int,
    *,
    alpha: float,
    tuned_for: float,
    least: int = LEAST_CLUSTERS,
    kept_variance: float = 1.0,
) -> Comparison:
    """Return the difference of two estimates whose difference has the standard error `error` after
    `count` units of time; `compare` is this for arms that are independent of each other.

    >>> one = Estimate(1.0, 0.1, 50, 1.0)
    >>> compare_scores(one, one, 0.1, 50, alpha=0.05, tuned_for=100.0).high
    inf
    """
    difference = treated.mean - control.mean
    half, relative, p_value = inf, (-inf, inf), 1.0
    if count >= least and isfinite(error) and error > 0.0:
        rho = best_rho(tuned_for, alpha)
        margin = mixture_margin(float(count), alpha, rho)
        half = margin * error
        relative = _bound_ratio(treated, control, margin)
        p_value = _p_value(difference / error, count, rho)
    return Comparison(
        treated=treated,
        control=control,
        difference=difference,
        error=error,
        low=difference - half,
        high=difference + half,
        relative=difference / control.mean if control.mean else 0.0,
        relative_low=relative[0],
        relative_high=relative[1],
        p_value=p_value,
        kept_variance=kept_variance,
    )


def _bound_ratio(treated: Estimate, control: Estimate, margin: float) -> tuple[float, float]:
    """Return the r with |a - (1 + r) b| <= margin · sqrt(s² + (1 + r)² t²), all of them (Fieller).

    For each r the difference a - (1 + r) b has a confidence sequence; those r it does not refuse
    make one of the ratio. Infinite as long as the plain arm's own mean may be zero.
    """
    square = control.mean**2 - (margin * control.error) ** 2
    if square <= 0.0:
        return -inf, inf
    cross = treated.mean * control.mean
    rest = treated.mean**2 - (margin * treated.error) ** 2
    root = sqrt(max(0.0, cross * cross - square * rest))
    return (cross - root) / square - 1.0, (cross + root) / square - 1.0


def _p_value(z: float, count: float, rho: float) -> float:
    """Return the a at which the sequence just touches zero, at most 1."""
    grown = count * rho * rho + 1.0
    return min(1.0, exp(0.5 * log(grown) - z * z * (grown - 1.0) / (2.0 * grown)))


def split_alpha(alpha: float, parts: int) -> float:
    """Return what one of `parts` comparisons may err, all together `alpha` (Bonferroni).

    >>> split_alpha(0.05, 2)
    0.025
    """
    return alpha / max(1, parts)


def spend_alpha(alpha: float, arms: int, guards: int) -> tuple[float, float]:
    """Return what one comparison of the primary metric and one of a guard may err.

    `arms` are those beside the plain one. Four fifths are spent on the primary metric, a fifth on
    the guards, each in equal parts; without guards all goes to the primary metric. Together they
    err at most `alpha`.

    >>> tuple(round(one, 4) for one in spend_alpha(0.05, arms=2, guards=1))
    (0.02, 0.005)
    """
    if not guards:
        return split_alpha(alpha, arms), 0.0
    return split_alpha(0.8 * alpha, arms), split_alpha(0.2 * alpha, arms * guards)
