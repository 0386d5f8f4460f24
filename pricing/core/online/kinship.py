"""What goods of a family tell of each other: half of what is not known of one is not known of all.

A variant's elasticity is m + s (sqrt(r) d + sqrt(1 - r) u): m and s its prior mean and sd, d the
family's deviation, u its own, both standard normal; r = SHARED. Given the likelihood of each
variant (natural parameters w, p) everything is normal: d has the precision 1 + sum t with
t = r s^2 p / (1 + (1 - r) s^2 p), and a variant's own posterior follows from that of d (a one-way
random effects model; Searle, Casella and McCulloch 1992, ch. 3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.core.arrays import BoolArray, FloatArray, IntArray

SHARED = 0.5


@dataclass(frozen=True, slots=True)
class Kinship:
    """The deviations of F families (ascending `family_id`) in prior sd: posterior mean, variance.

    `is_randomized` says that what chance alone told would halve the variance of the deviation.
    """

    family_id: IntArray
    mean: FloatArray
    variance: FloatArray
    is_randomized: BoolArray


@dataclass(frozen=True, slots=True)
class Told:
    """Priors (mean, sd) and likelihoods (`weighted`, `precision`) of n elasticities, each (n,)."""

    mean: FloatArray
    sd: FloatArray
    weighted: FloatArray
    precision: FloatArray


def relate(family_id: IntArray, told: Told, randomized: FloatArray) -> Kinship:
    """Return what n variants of `family_id` (n,) say of their families; `randomized` (n,) is the
    part of their precision that chance gave.

    >>> one = np.ones(2)
    >>> kin = relate(
    ...     np.array([4, 4]), Told(2 * one, one, 30 * one, 10 * one), randomized=10 * one
    ... )
    >>> kin.mean.round(3).tolist(), kin.variance.round(3).tolist(), kin.is_randomized.tolist()
    ([0.884], [0.375], [True])
    """
    families, group = np.unique(family_id, return_inverse=True)
    variance = told.sd**2
    apart = 1.0 + (1.0 - SHARED) * variance * told.precision
    surprise = told.weighted - told.precision * told.mean

    def add(values: FloatArray) -> FloatArray:
        return np.bincount(group, values, len(families))

    left = 1.0 / (1.0 + add(SHARED * variance * told.precision / apart))
    chance = 1.0 + (1.0 - SHARED) * variance * randomized
    return Kinship(
        family_id=families,
        mean=left * add(np.sqrt(SHARED) * told.sd * surprise / apart),
        variance=left,
        is_randomized=add(SHARED * variance * randomized / chance) >= 1.0,
    )


def combine(
    told: Told, deviation: FloatArray, variance: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return posterior mean and sd (n,) of elasticities whose families deviate by `deviation` (n,)
    prior sd, known to `variance` (n,).

    >>> none, one = np.zeros(1), np.ones(1)
    >>> mean, sd = combine(Told(2 * one, one, none, none), none, one)
    >>> mean.tolist(), sd.tolist()
    ([2.0], [1.0])
    """
    own = (1.0 - SHARED) * told.sd**2
    rest = 1.0 / (1.0 + own * told.precision)
    prior = told.mean + told.sd * np.sqrt(SHARED) * deviation
    mean = rest * (prior + own * told.weighted)
    spread = rest * own + rest**2 * SHARED * told.sd**2 * variance
    return mean, np.sqrt(spread)
