"""Adaptive arm shares, and inference that stays valid afterwards.

*Thompson*: an arm's share is the chance that it is the best one, by a normal posterior of each
arm's mean; but never below a least share, so that every arm stays comparable for ever.

*Reading*: means of arms whose shares followed their luck are biased. The scores

    f_i(a) = m(a) + 1[A_i = a] / p_i(a) · (y_i - m(a))

are not, whatever the shares p_i were, as long as they were fixed before the unit came and m(a)
comes from units of earlier turns (augmented inverse probability weighting; Hadad et al., PNAS 2021,
arXiv 1911.02768). Their partial sums are a martingale around the difference of arms, so the
asymptotic confidence sequence of `sequences` holds at every look (Waudby-Smith, Wu, Ramdas,
Karampatziakis and Mineiro, "Anytime-valid off-policy inference for contextual bandits", arXiv
2210.10768): the least share bounds the weights, which its Lyapunov condition asks.
"""

from __future__ import annotations

from math import inf, sqrt

import numpy as np

from profiles.experiments.core.estimates import Comparison, Estimate, compare_scores
from profiles.experiments.core.sequences import FloatArray, IntArray

DRAWS = 4_000


def thompson_shares(
    mean: FloatArray, error: FloatArray, least: float, rng: np.random.Generator
) -> FloatArray:
    """Return the share of each of k arms, (k,): least + (1 - k least) · chance that it is the best.

    `mean` and `error` (k,) are of the arms so far, larger is better; an infinite error says that
    nothing is known, and then all arms get the same.

    >>> rng = np.random.default_rng(1)
    >>> thompson_shares(np.array([1.0, 9.0]), np.array([0.1, 0.1]), 0.1, rng).round(3).tolist()
    [0.1, 0.9]
    """
    count = len(mean)
    if not np.isfinite(error).all():
        return np.full(count, 1.0 / count)
    drawn = rng.normal(mean, error, (DRAWS, count))
    best = np.bincount(drawn.argmax(axis=1), minlength=count) / DRAWS
    return np.asarray(least + (1.0 - count * least) * best)


def score_units(arm: IntArray, value: FloatArray, shares: FloatArray, turn: IntArray) -> FloatArray:
    """Return the scores f_i(a), (n, k), of n units in k arms.

    `shares` (n, k) are those under which each unit drew its arm; `turn` (n,) counts up when shares
    moved. m(a) of a unit comes from earlier turns; in the first turn from the other half of it.

    >>> scores = score_units(np.array([0, 1, 0, 1]), np.array([1.0, 3.0, 1.0, 3.0]),
    ...                      np.full((4, 2), 0.5), np.zeros(4, dtype=np.int64))
    >>> scores.mean(axis=0).tolist()
    [1.0, 3.0]
    """
    count = shares.shape[1]
    guess = np.zeros(shares.shape)
    first = turn == turn.min() if len(turn) else np.zeros(0, dtype=np.bool_)
    place = np.cumsum(first) // count
    for half in (0, 1):
        mine = first & (place % 2 == half)
        guess[mine] = _means(arm, value, first & ~mine, count)
    for one in np.unique(turn[~first]).tolist():
        guess[turn == one] = _means(arm, value, turn < one, count)
    scores = guess
    rows = np.arange(len(arm))
    scores[rows, arm] += (value - guess[rows, arm]) / shares[rows, arm]
    return scores


def compare_adaptive(
    scores: FloatArray,
    treated: int,
    control: int,
    *,
    alpha: float = 0.05,
    tuned_for: float = 2_000.0,
) -> Comparison:
    """Return an arm less the plain arm by their scores (n, k), with bounds that hold at every look.

    Time is counted in units of all arms.

    >>> rng = np.random.default_rng(1)
    >>> arm = rng.integers(0, 2, 4_000)
    >>> scores = score_units(arm, arm + rng.normal(5.0, 1.0, 4_000), np.full((4_000, 2), 0.5),
    ...                      np.zeros(4_000, dtype=np.int64))
    >>> compare_adaptive(scores, 1, 0).low > 0.5
    True
    """
    return compare_scores(
        _estimate(scores[:, treated]),
        _estimate(scores[:, control]),
        _estimate(scores[:, treated] - scores[:, control]).error,
        len(scores),
        alpha=alpha,
        tuned_for=tuned_for,
    )


def _means(arm: IntArray, value: FloatArray, of: np.ndarray, count: int) -> FloatArray:
    seen = np.bincount(arm[of], minlength=count)
    total = np.bincount(arm[of], value[of], count)
    return np.where(seen > 0, total / np.maximum(seen, 1), 0.0)


def _estimate(score: FloatArray) -> Estimate:
    count = len(score)
    mean = float(score.mean()) if count else 0.0
    error = sqrt(float(score.var(ddof=1)) / count) if count > 1 else inf
    return Estimate(mean, error, count, mean)
