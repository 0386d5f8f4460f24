"""Proxy test of a trait: cross-validated area under the ROC curve.

A feature that predicts a trait is a proxy of it, and prices made from it treat people by the trait
without ever seeing it. The area (AUC) is the probability that a random member of the group gets a
higher score than a random other person: 1/2 is chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from scipy.special import ndtri

from pricing.base.core.values import BoolArray, FloatArray, IntArray
from pricing.fairness.core.groups import UNKNOWN, FairnessLimits, Trait

FOLDS = 5
REPEATS = 3
PERMUTATIONS = 80
PENALTY = 30.0


@dataclass(frozen=True, slots=True)
class Area:
    """An AUC with its simultaneous interval, of `members` people against `others`."""

    trait: str
    group: str
    value: float
    low: float
    high: float
    members: int
    others: int


def auc_interval(
    score: FloatArray, is_member: BoolArray, z: float, *, inflation: float = 1.0
) -> tuple[float, float, float]:
    """Return the AUC of scores (n,) and its interval at `z` standard errors times `inflation`.

    DeLong, DeLong and Clarke-Pearson 1988: with V10 the share of others below each member and V01
    the share of members above each other, AUC = mean V10 and var = var(V10)/m + var(V01)/n. The
    interval is made on the logit scale, which keeps it in (0, 1).

    >>> score = np.array([0.1, 0.2, 0.8, 0.9])
    >>> auc_interval(score, np.array([False, False, True, True]), 1.96)[0]
    1.0
    >>> auc_interval(np.ones(4), np.array([False, False, True, True]), 1.96)[0]
    0.5
    """
    inside, outside = score[is_member], score[~is_member]
    m, n = len(inside), len(outside)
    ranks = scipy.stats.rankdata(np.concatenate([inside, outside]))
    above = (ranks[:m] - scipy.stats.rankdata(inside)) / n
    below = 1.0 - (ranks[m:] - scipy.stats.rankdata(outside)) / m
    value = float(above.mean())
    variance = above.var(ddof=1) / m + below.var(ddof=1) / n if min(m, n) > 1 else 0.25
    spread = z * inflation * float(np.sqrt(variance))
    if not 0.0 < value < 1.0 or spread == 0.0:
        return value, max(0.0, value - spread), min(1.0, value + spread)
    middle, scale = np.log(value / (1.0 - value)), spread / (value * (1.0 - value))
    low, high = (1.0 / (1.0 + np.exp(-(middle + sign * scale))) for sign in (-1.0, 1.0))
    return value, float(low), float(high)


def measure_areas(
    columns: FloatArray, trait: Trait, limits: FairnessLimits, *, tests: int, random_state: int
) -> list[Area]:
    """Return how well each group of a trait is told from numeric columns (n, d).

    Scores are out of fold: ridge regression of membership on normal scores of each column and
    their squares, so that a group in the middle is found too and no outlier rules. Ranks are taken
    inside each fold and averaged over REPEATS partitions. That an AUC of scores which were learned
    varies more than one of given scores is measured on PERMUTATIONS shuffled traits, and widens
    the intervals. `tests` is how many of them hold together (Bonferroni). An AUC below 1/2 says
    that there was nothing to learn.

    >>> trait = Trait("age", ("old", "young"), np.arange(200) % 2)
    >>> told = np.stack([np.arange(200) % 2, np.ones(200)], axis=1).astype(float)
    >>> areas = measure_areas(told, trait, FairnessLimits(), tests=2, random_state=1)
    >>> [round(area.value, 2) for area in areas]
    [1.0, 1.0]
    """
    z = float(ndtri(1.0 - (1.0 - limits.confidence) / (2.0 * max(tests, 1))))
    found = list(trait.members(limits.least_group))
    if not found:
        return []
    known = found[0][2]
    members = np.stack([mask[known] for _, mask, _ in found], axis=1)
    scorers = _fit_scorers(_spread(columns[known]), random_state)
    scores = _score(scorers, members)
    inflation = _find_inflation(scorers, members, random_state)
    areas = []
    for column, (group, _, _) in enumerate(found):
        is_member, count = members[:, column], int(members[:, column].sum())
        value, low, high = auc_interval(
            scores[:, column], is_member, z, inflation=float(inflation[column])
        )
        areas.append(Area(trait.name, group, value, low, high, count, len(is_member) - count))
    return areas


def _spread(columns: FloatArray) -> FloatArray:
    """Return normal scores of each column that varies, and their squares, (n, 2 d')."""
    varied = columns[:, columns.std(axis=0) > 0.0]
    scores = ndtri((scipy.stats.rankdata(varied, axis=0) - 0.5) / max(len(varied), 1))
    return np.concatenate([scores, scores**2], axis=1)


@dataclass(frozen=True, slots=True)
class _Scorer:
    """A fold: who is scored, from whom it is learned, and the matrix that takes theirs to those."""

    unknown: IntArray
    known: IntArray
    weights: FloatArray


def _fit_scorers(design: FloatArray, random_state: int) -> list[_Scorer]:
    """Return the folds of ridge regression: it is linear in what it learns, so one matrix serves
    every group and every shuffle."""
    from sklearn.model_selection import KFold  # noqa: PLC0415  # only workers that train load it

    scorers = []
    for repeat in range(REPEATS):
        folds = KFold(FOLDS, shuffle=True, random_state=random_state + repeat)
        for known, unknown in folds.split(design):
            x = design[known] - design[known].mean(axis=0)
            inverse = np.linalg.inv(x.T @ x + PENALTY * np.eye(x.shape[1]))
            scorers.append(_Scorer(unknown, known, design[unknown] @ inverse @ x.T))
    return scorers


def _score(scorers: list[_Scorer], members: BoolArray) -> FloatArray:
    """Return the out-of-fold percentile of each person's score for each group, (n, G)."""
    total = np.zeros(members.shape)
    for one in scorers:
        guess = one.weights @ members[one.known].astype(np.float64)
        total[one.unknown] += scipy.stats.rankdata(guess.round(12), axis=0) / len(one.unknown)
    return total / REPEATS


def _find_inflation(scorers: list[_Scorer], members: BoolArray, random_state: int) -> FloatArray:
    """Return how many times wider than of given scores the AUC of each group spreads, (G,) >= 1."""
    rng = np.random.default_rng(random_state)
    n, groups = members.shape
    shuffled = np.concatenate([members[rng.permutation(n)] for _ in range(PERMUTATIONS)], axis=1)
    ranks = scipy.stats.rankdata(_score(scorers, shuffled), axis=0)
    m = shuffled.sum(axis=0)
    areas = ((ranks * shuffled).sum(axis=0) - m * (m + 1) / 2.0) / (m * (n - m))
    spread = np.sqrt(((areas - 0.5) ** 2).reshape(PERMUTATIONS, groups).mean(axis=0))
    count = members.sum(axis=0)
    given = np.sqrt((n + 1) / (12.0 * count * (n - count)))
    widened: FloatArray = np.maximum(spread / given, 1.0)
    return widened


def measure_information(columns: FloatArray, trait: Trait, *, random_state: int) -> FloatArray:
    """Return the mutual information of each column (n, d) with the trait, (d,), in bits.

    Nearest-neighbor estimate of Ross 2014; 0 says that the column tells nothing of the trait.

    >>> trait = Trait("age", ("old", "young"), np.arange(60) % 2)
    >>> columns = np.stack([np.arange(60) % 2, np.ones(60)], axis=1).astype(float)
    >>> measure_information(columns, trait, random_state=1).round(1).tolist()
    [1.0, 0.0]
    """
    from sklearn.feature_selection import mutual_info_classif  # noqa: PLC0415  # only workers that train load it

    known = trait.code != UNKNOWN
    if known.sum() < 2 * FOLDS or not columns.shape[1]:
        return np.zeros(columns.shape[1])
    is_varied = columns[known].std(axis=0) > 0.0
    bits = np.zeros(columns.shape[1])
    if is_varied.any():
        varied = columns[np.ix_(known, is_varied)]
        nats = mutual_info_classif(varied, trait.code[known], random_state=random_state)
        bits[is_varied] = np.asarray(nats, dtype=np.float64) / np.log(2.0)
    return bits
