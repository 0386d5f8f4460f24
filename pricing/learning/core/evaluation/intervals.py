"""Intervals that know which decisions belong together: a clustered bootstrap-t, two ways."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.base.core.values import FloatArray, IntArray

# Numbers in a block of resampled counts: 32 MB.
_BLOCK = 4_000_000
# An error this small beside the mean reward is none: two equal policies differ by rounding only.
ROUNDING = 1e-8
_PAIRS = [(i, j) for i in range(4) for j in range(i, 4)]


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its interval, and its standard error, in the units of the reward."""

    value: float
    low: float
    high: float
    error: float


@dataclass(frozen=True, slots=True)
class Groups:
    """Which decisions belong together, (n,) numbers from 0: by shopper, by draw, by both."""

    shopper: IntArray
    draw: IntArray
    both: IntArray


def number_groups(cluster: IntArray, draw_group: IntArray) -> Groups:
    """Return the groups of decisions of these shoppers and draws, (n,) any labels each.

    >>> number_groups(np.array([7, 3, 7]), np.array([1, 1, 1])).shopper.tolist()
    [1, 0, 1]
    """
    shopper, draw = (np.unique(one, return_inverse=True)[1] for one in (cluster, draw_group))
    both = shopper.astype(np.int64) * (int(draw.max()) + 1) + draw
    return Groups(shopper, draw, np.unique(both, return_inverse=True)[1])


def sum_groups(values: FloatArray, group: IntArray) -> FloatArray:
    """Return the sums of the rows (n, q) of each group, (G, q).

    >>> sum_groups(np.array([[1.0], [2.0], [4.0]]), np.array([1, 0, 1])).tolist()
    [[2.0], [5.0]]
    """
    count = int(group.max()) + 1
    return np.stack([np.bincount(group, column, count) for column in values.T], axis=1)


def inflate_error(parts: FloatArray, groups: Groups) -> float:
    """Return by how much the error of a gap grows since decisions share draws, not only shoppers.

    `parts` (n, 4) are a, b, c, d of each decision. Two-way clustered variance (Cameron, Gelbach and
    Miller 2011): that by shopper, plus that by draw, less that by both; never below that by
    shopper alone. Returns the ratio of the standard errors, 1 or more.

    >>> one = np.ones(4)
    >>> parts = np.stack([np.array([1.0, 1.0, 3.0, 3.0]), one, 0 * one, one], axis=1)
    >>> round(inflate_error(parts, number_groups(np.arange(4), np.array([0, 0, 1, 1]))), 3)
    1.414
    """
    total = parts.sum(axis=0)
    b, d = (total[i] if total[i] > 0.0 else 1.0 for i in (1, 3))
    moved = (parts[:, 0] - total[0] / b * parts[:, 1]) / b
    moved = moved - (parts[:, 2] - total[2] / d * parts[:, 3]) / d
    by_shopper, by_draw, by_both = (
        float((np.bincount(group, moved) ** 2).sum())
        for group in (groups.shopper, groups.draw, groups.both)
    )
    if not by_shopper > 0.0:
        return 1.0
    return float(np.sqrt(max(1.0, (by_shopper + by_draw - by_both) / by_shopper)))


def bootstrap_gaps(
    parts: FloatArray,
    groups: Groups,
    rng: np.random.Generator,
    *,
    level: float = 0.95,
    resamples: int = 1_000,
) -> list[Interval]:
    """Return each gap of two ratios, sum a / sum b - sum c / sum d, with its interval.

    `parts` (q, n, 4) are a, b, c, d of each decision for q gaps. Shoppers are drawn with
    replacement, the same for all gaps; the interval is that of the studentised gap (Efron 1981;
    Hall 1988): with skewed weights the plain percentiles cover too little. The standard error is
    the linearised one of a ratio, larger where decisions share draws (see `inflate_error`).

    >>> rng = np.random.default_rng(1)
    >>> a, one, alone = rng.normal(3.0, 1.0, 400), np.ones(400), np.arange(400)
    >>> parts = np.stack([a, one, 0 * one, one], axis=1)[None]
    >>> found = bootstrap_gaps(parts, number_groups(alone, alone), rng)[0]
    >>> found.low < 3.0 < found.high, round(found.error, 3)
    (True, 0.046)
    """
    moments = np.concatenate([_moments(sum_groups(one, groups.shopper)) for one in parts], axis=1)
    gaps, errors = _gaps(moments.sum(axis=0, keepdims=True))
    errors = np.where(errors > ROUNDING * np.abs(parts[..., 0]).mean(axis=1), errors, 0.0)
    deviations = []
    clusters = len(moments)
    rows = max(1, _BLOCK // clusters)
    for begin in range(0, resamples, rows):
        again, spread = _gaps(_resample(clusters, min(rows, resamples - begin), rng) @ moments)
        is_sound = spread > 0.0
        deviations.append(
            np.where(is_sound, (again - gaps) / np.where(is_sound, spread, 1.0), np.nan)
        )
    scores = np.concatenate(deviations)
    return [
        _interval(float(gap), float(error), scores[:, at], level, inflate_error(parts[at], groups))
        for at, (gap, error) in enumerate(zip(gaps[0], errors[0], strict=True))
    ]


def _interval(
    gap: float, error: float, scores: FloatArray, level: float, inflate: float
) -> Interval:
    if not error > 0.0:
        return Interval(gap, gap, gap, 0.0)
    tail = 0.5 * (1.0 - level)
    low, high = np.nanquantile(scores, [tail, 1.0 - tail])
    wide = error * inflate
    return Interval(gap, gap - float(high) * wide, gap - float(low) * wide, wide)


def _moments(sums: FloatArray) -> FloatArray:
    """Return sums (G, 4) and their ten products, (G, 14)."""
    return np.concatenate([sums, *(sums[:, [i]] * sums[:, [j]] for i, j in _PAIRS)], axis=1)


def _resample(clusters: int, count: int, rng: np.random.Generator) -> FloatArray:
    """Return how often each cluster is drawn in each of `count` resamples, (count, G)."""
    drawn = rng.integers(0, clusters, (count, clusters))
    drawn += np.arange(count)[:, None] * clusters
    counts = np.bincount(drawn.ravel(), minlength=count * clusters)
    return counts.reshape(count, clusters).astype(np.float64)


def _gaps(moments: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return gaps and standard errors of each resample from their moments (b, 14 q), (b, q)."""
    each = moments.reshape(len(moments), -1, 14)
    a, b, c, d = np.moveaxis(each[..., :4], -1, 0)
    b, d = np.where(b > 0.0, b, 1.0), np.where(d > 0.0, d, 1.0)
    first, second = a / b, c / d
    # A cluster moves the gap by (a - first b) / B - (c - second d) / D.
    weight = np.stack([1.0 / b, -first / b, -1.0 / d, second / d])
    variance = np.zeros(first.shape)
    for column, (i, j) in enumerate(_PAIRS):
        twice = 1.0 if i == j else 2.0
        variance += twice * weight[i] * weight[j] * each[..., 4 + column]
    return first - second, np.sqrt(np.maximum(variance, 0.0))
