"""What goods of a family tell of each other: half of what is not known of one is not known of all.

A variant's elasticity is m + s (sqrt(r) d + sqrt(1 - r) u): m and s its prior mean and sd, d the
family's deviation, u its own, both standard normal; r = SHARED. Given the likelihood of each
variant (natural parameters w, p) everything is normal: d has the precision 1 + sum t with
t = r s^2 p / (1 + (1 - r) s^2 p), and a variant's own posterior follows from that of d (a one-way
random effects model; Searle, Casella and McCulloch 1992, ch. 3).

What siblings lose (`diversion`) is one number of the family too, D, and told by the same sales: so
both are found together. With c, t and h_D what a variant's likelihood says of (e, D) and of D, and
v = (1 - r) s^2, integrating u out leaves for (d, D) the matrix [[r s^2 p, sqrt(r) s c], [., t (1 +
v p) - v c^2]] / (1 + v p) and the vector (sqrt(r) s (w - p m), h_D (1 + v p) - c (m + v w)) /
(1 + v p), summed over variants and added to the priors of both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.core.arrays import BoolArray, FloatArray, IntArray
from pricing.core.online.diversion import Diversion
from pricing.core.online.evidence import Known

SHARED = 0.5


@dataclass(frozen=True, slots=True)
class Kinship:
    """The deviations of F families (ascending `family_id`) in prior sd: posterior mean, variance.

    `is_randomized` says that what chance alone told would halve the variance of the deviation;
    `diversion` is what siblings lose, of the same families.
    """

    family_id: IntArray
    mean: FloatArray
    variance: FloatArray
    is_randomized: BoolArray
    diversion: Diversion


@dataclass(frozen=True, slots=True)
class Told:
    """Priors (mean, sd) and likelihoods (`weighted`, `precision`) of n elasticities, each (n,)."""

    mean: FloatArray
    sd: FloatArray
    weighted: FloatArray
    precision: FloatArray


@dataclass(frozen=True, slots=True)
class _Sums:
    """What variants say of each family's deviation d and diversion D: sums (F,)."""

    dd: FloatArray
    both: FloatArray
    taken: FloatArray
    d: FloatArray
    taken_weighted: FloatArray
    chance: FloatArray


def relate(
    family_id: IntArray,
    prior: tuple[FloatArray, FloatArray],
    known: Known,
    *,
    randomized: FloatArray,
    expected: Diversion,
) -> Kinship:
    """Return what n variants of `family_id` (n,) say of their families. `prior` are mean and sd of
    their elasticities, `known` their likelihoods, `randomized` (n,) is the part of their precision
    that chance gave, `expected` what is believed of each family's diversion before.

    >>> from pricing.core.online.evidence import know_elasticities
    >>> one, four = np.ones(2), np.array([4, 4])
    >>> kin = relate(
    ...     four, (2 * one, one), know_elasticities(30 * one, 10 * one), randomized=10 * one,
    ...     expected=Diversion(four[:1], np.array([0.2]), np.array([0.1])),
    ... )
    >>> kin.mean.round(3).tolist(), kin.variance.round(3).tolist(), kin.is_randomized.tolist()
    ([0.884], [0.375], [True])
    >>> kin.diversion.share.round(3).tolist()
    [0.2]
    """
    sums = _add_up(family_id, prior, known, randomized)
    trusted = 1.0 / expected.sd**2
    dd, taken = 1.0 + sums.dd, trusted + sums.taken
    rest = dd * taken - sums.both**2
    wanted = trusted * expected.mean + sums.taken_weighted
    found = Diversion(
        expected.family_id,
        (dd * wanted - sums.both * sums.d) / rest,
        np.sqrt(dd / rest),
    )
    return Kinship(
        family_id=expected.family_id,
        mean=(sums.d - sums.both * found.share) / dd,
        variance=taken / rest,
        is_randomized=sums.chance >= 1.0,
        diversion=found,
    )


def _add_up(
    family_id: IntArray, prior: tuple[FloatArray, FloatArray], known: Known, randomized: FloatArray
) -> _Sums:
    families, group = np.unique(family_id, return_inverse=True)
    mean, sd = prior
    own, root = (1.0 - SHARED) * sd**2, np.sqrt(SHARED) * sd
    apart = 1.0 + own * known.precision

    def add(values: FloatArray) -> FloatArray:
        return np.bincount(group, values, len(families))

    return _Sums(
        dd=add(root**2 * known.precision / apart),
        both=add(root * known.joint / apart),
        taken=add(known.taken_precision - own * known.joint**2 / apart),
        d=add(root * (known.weighted - known.precision * mean) / apart),
        taken_weighted=add(
            known.taken_weighted - known.joint * (mean + own * known.weighted) / apart
        ),
        chance=add(root**2 * randomized / (1.0 + own * randomized)),
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
