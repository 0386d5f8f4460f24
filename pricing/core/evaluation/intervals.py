"""Intervals that know which decisions belong together: a clustered bootstrap-t, two ways."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.core.arrays import FloatArray, IntArray

# Numbers in a block of resampled counts: 32 MB.
_BLOCK = 4_000_000
_PAIRS = [(i, j) for i in range(4) for j in range(i, 4)]


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its interval, and its standard error, in the units of the reward."""

    value: float
    low: float
    high: float
    error: float


def sum_clusters(values: FloatArray, cluster: IntArray) -> FloatArray:
    """Return the sums of the rows (n, q) of each cluster, (G, q), by ascending cluster.

    >>> sum_clusters(np.array([[1.0], [2.0], [4.0]]), np.array([7, 3, 7])).tolist()
    [[2.0], [5.0]]
    """
    _, place = np.unique(cluster, return_inverse=True)
    count = int(place.max()) + 1
    return np.stack([np.bincount(place, column, count) for column in values.T], axis=1)


def inflate_error(parts: FloatArray, cluster: IntArray, draw_group: IntArray) -> float:
    """Return by how much the error of a gap grows since decisions share draws, not only shoppers.

    `parts` (n, 4) are a, b, c, d of each decision. Two-way clustered variance (Cameron, Gelbach and
    Miller 2011): that by shopper, plus that by draw, less that by both; never below that by
    shopper alone. Returns the ratio of the standard errors, 1 or more.

    >>> one = np.ones(4)
    >>> parts = np.stack([np.array([1.0, 1.0, 3.0, 3.0]), one, 0 * one, one], axis=1)
    >>> round(inflate_error(parts, np.arange(4), np.array([0, 0, 1, 1])), 3)
    1.414
    """
    total = parts.sum(axis=0)
    b, d = (total[i] if total[i] > 0.0 else 1.0 for i in (1, 3))
    moved = (parts[:, 0] - total[0] / b * parts[:, 1]) / b
    moved = moved - (parts[:, 2] - total[2] / d * parts[:, 3]) / d
    _, shopper = np.unique(cluster, return_inverse=True)
    _, draw = np.unique(draw_group, return_inverse=True)
    both = shopper.astype(np.int64) * (int(draw.max()) + 1) + draw
    by_shopper, by_draw, by_both = (
        float((sum_clusters(moved[:, None], group) ** 2).sum()) for group in (shopper, draw, both)
    )
    if not by_shopper > 0.0:
        return 1.0
    return float(np.sqrt(max(1.0, (by_shopper + by_draw - by_both) / by_shopper)))


def bootstrap_gap(
    sums: FloatArray,
    rng: np.random.Generator,
    *,
    level: float = 0.95,
    resamples: int = 1_000,
    inflate: float = 1.0,
) -> Interval:
    """Return the gap of two ratios, sum a / sum b - sum c / sum d, with its interval.

    `sums` (G, 4) are a, b, c, d of each cluster (shopper). Clusters are drawn with replacement; the
    interval is that of the studentised gap (Efron 1981; Hall 1988): with skewed weights the plain
    percentiles cover too little. The standard error is the linearised one of a ratio, `inflate`
    times as large where decisions are alike in other ways too (see `inflate_error`).

    >>> rng = np.random.default_rng(1)
    >>> a = rng.normal(3.0, 1.0, 400)
    >>> one = np.ones(400)
    >>> found = bootstrap_gap(np.stack([a, one, 0 * one, one], axis=1), rng)
    >>> found.low < 3.0 < found.high, round(found.error, 3)
    (True, 0.046)
    """
    moments = np.concatenate([sums, *(sums[:, [i]] * sums[:, [j]] for i, j in _PAIRS)], axis=1)
    gap, error = (float(one[0]) for one in _gaps(moments.sum(axis=0, keepdims=True)))
    if not error > 0.0:
        return Interval(gap, gap, gap, 0.0)
    clusters = len(sums)
    deviations = []
    rows = max(1, _BLOCK // clusters)
    for begin in range(0, resamples, rows):
        again, spread = _gaps(_resample(clusters, min(rows, resamples - begin), rng) @ moments)
        is_sound = spread > 0.0
        deviations.append((again[is_sound] - gap) / spread[is_sound])
    tail = 0.5 * (1.0 - level)
    low, high = np.quantile(np.concatenate(deviations), [tail, 1.0 - tail])
    error *= inflate
    return Interval(gap, gap - float(high) * error, gap - float(low) * error, error)


def _resample(clusters: int, count: int, rng: np.random.Generator) -> FloatArray:
    """Return how often each cluster is drawn in each of `count` resamples, (count, G)."""
    drawn = rng.integers(0, clusters, (count, clusters))
    return np.stack([np.bincount(row, minlength=clusters) for row in drawn]).astype(np.float64)


def _gaps(moments: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return gap and standard error of each resample from sums and sums of products, (b, 14)."""
    a, b, c, d = moments[:, :4].T
    b, d = np.where(b > 0.0, b, 1.0), np.where(d > 0.0, d, 1.0)
    first, second = a / b, c / d
    # A cluster moves the gap by (a - first b) / B - (c - second d) / D.
    weight = np.stack([1.0 / b, -first / b, -1.0 / d, second / d])
    variance = np.zeros(len(moments))
    for column, (i, j) in enumerate(_PAIRS):
        twice = 1.0 if i == j else 2.0
        variance += twice * weight[i] * weight[j] * moments[:, 4 + column]
    return first - second, np.sqrt(np.maximum(variance, 0.0))
