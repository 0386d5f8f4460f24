"""Groups of shoppers who buy alike: k-means on standardized features, stable across refits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from profiles.features.core import VALUE_NAMES
from profiles.segments.core.predictions import PredictionModel, chance_arrays, chances_from_arrays

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# Amounts and counts are skewed: their logarithm is clustered.
LOGARITHMIC = frozenset({"orders", "spend", "basket_lines", "category_breadth"})
SEGMENT_FEATURES = (
    "orders",
    "spend",
    "discount_share",
    "price_level",
    "basket_lines",
    "weekend_share",
    "category_breadth",
    "brand_focus",
)
CLIP = 3.0
SILHOUETTE_SAMPLE = 2_000
SMALLEST_SHARE = 0.03


@dataclass(frozen=True, slots=True)
class SegmentModel:
    """Centroids (k, d) of standardized features, and the code of each segment (k,).

    `mean` and `scale` (d,) belong to the transformed features of SEGMENT_FEATURES in order;
    `thresholds` are the quantiles that tags compare with, by name; `chances` the questions whose
    answers make tags.
    """

    codes: tuple[str, ...]
    centroids: FloatArray
    mean: FloatArray
    scale: FloatArray
    thresholds: Mapping[str, float]
    chances: tuple[PredictionModel, ...] = ()

    def assign(self, values: FloatArray) -> IntArray:
        """Return the position of the nearest centroid for features (n, len(VALUE_NAMES))."""
        points = standardize(transform(values), self.mean, self.scale)
        return np.argmin(_distances(points, self.centroids), axis=1)

    def assign_one(self, values: Mapping[str, float]) -> str | None:
        """Return the segment of one shopper, None for who never ordered: nothing is known."""
        if values["orders"] <= 0:
            return None
        row = np.array([[values[name] for name in VALUE_NAMES]])
        return self.codes[int(self.assign(row)[0])]


def transform(values: FloatArray) -> FloatArray:
    """Return the columns that are clustered, shape (n, d), skewed ones as log(1 + x)."""
    columns = []
    for name in SEGMENT_FEATURES:
        column = values[:, VALUE_NAMES.index(name)]
        columns.append(np.log1p(column) if name in LOGARITHMIC else column)
    return np.column_stack(columns)


def standardize(points: FloatArray, mean: FloatArray, scale: FloatArray) -> FloatArray:
    """Return (points - mean) / scale, clipped so that a rare giant does not make a segment."""
    return np.clip((points - mean) / scale, -CLIP, CLIP)


def _distances(points: FloatArray, centroids: FloatArray) -> FloatArray:
    return np.linalg.norm(points[:, None, :] - centroids[None, :, :], axis=2)


@dataclass(frozen=True, slots=True)
class Clusters:
    """A fit: centroids (k, d) in standardized space, labels (n,), and how good each k was."""

    centroids: FloatArray
    labels: IntArray
    mean: FloatArray
    scale: FloatArray
    silhouettes: Mapping[int, float]


def fit_clusters(values: FloatArray, *, grid: Sequence[int], seed: int) -> Clusters:
    """Cluster shoppers with features (n, len(VALUE_NAMES)); k by silhouette over `grid`.

    A k that leaves a cluster under 3 % of the shoppers is passed over while another is left.
    Same input and seed, same result. Needs more shoppers than the largest k.
    """
    from sklearn.cluster import KMeans  # noqa: PLC0415  # only workers that train load it

    points = transform(values)
    mean = points.mean(axis=0)
    deviation = points.std(axis=0)
    # A feature nobody differs in tells nothing; dividing by one keeps it at zero.
    scale = np.where(deviation > 1e-9, deviation, 1.0)
    standard = standardize(points, mean, scale)
    fits = {k: KMeans(n_clusters=k, n_init=8, random_state=seed).fit(standard) for k in grid}
    silhouettes = {k: _silhouette(standard, fit, seed) for k, fit in fits.items()}
    fair = [k for k, fit in fits.items() if _smallest_share(fit) >= SMALLEST_SHARE]
    best = max(fair or list(grid), key=lambda k: silhouettes[k])
    return Clusters(
        centroids=np.asarray(fits[best].cluster_centers_, dtype=np.float64),
        labels=np.asarray(fits[best].labels_, dtype=np.int64),
        mean=mean,
        scale=scale,
        silhouettes=silhouettes,
    )


def _silhouette(standard: FloatArray, fit: Any, seed: int) -> float:
    from sklearn.metrics import silhouette_score  # noqa: PLC0415  # only workers that train load it

    size = min(SILHOUETTE_SAMPLE, len(standard))
    return float(silhouette_score(standard, fit.labels_, sample_size=size, random_state=seed))


def _smallest_share(fit: Any) -> float:
    return float(np.bincount(fit.labels_).min() / len(fit.labels_))


def match_codes(clusters: Clusters, previous: SegmentModel | None) -> tuple[str | None, ...]:
    """Return, for each new cluster, the code of the old segment it continues, or None.

    Old centroids are brought into the new scale; the pairing with the least total distance is
    the Hungarian algorithm's (Kuhn 1955). A pair farther apart than half the usual distance
    between new centroids is no continuation but a new segment.
    """
    count = len(clusters.centroids)
    if previous is None:
        return (None,) * count
    raw = previous.centroids * previous.scale + previous.mean
    old = standardize(raw, clusters.mean, clusters.scale)
    distances = _distances(clusters.centroids, old)
    between = _distances(clusters.centroids, clusters.centroids)
    limit = between[~np.eye(count, dtype=bool)].mean() / 2 if count > 1 else np.inf
    codes: list[str | None] = [None] * count
    for new, known in zip(*scipy.optimize.linear_sum_assignment(distances), strict=True):
        if distances[new, known] <= limit:
            codes[new] = previous.codes[known]
    return tuple(codes)


def model_arrays(model: SegmentModel) -> dict[str, NDArray[Any]]:
    """Return the model as plain arrays for storage."""
    return {
        "codes": np.array(model.codes, dtype=np.str_),
        "features": np.array(SEGMENT_FEATURES, dtype=np.str_),
        "centroids": model.centroids,
        "mean": model.mean,
        "scale": model.scale,
        "threshold_names": np.array(list(model.thresholds), dtype=np.str_),
        "threshold_values": np.array(list(model.thresholds.values()), dtype=np.float64),
        **chance_arrays(model.chances),
    }


def model_from_arrays(arrays: Mapping[str, NDArray[Any]]) -> SegmentModel:
    """Return the model of `model_arrays`. Raises ValueError if it was made of other features."""
    if tuple(arrays["features"].tolist()) != SEGMENT_FEATURES:
        raise ValueError("the stored segments were fitted on other features")
    names, values = arrays["threshold_names"].tolist(), arrays["threshold_values"].tolist()
    return SegmentModel(
        codes=tuple(arrays["codes"].tolist()),
        centroids=arrays["centroids"],
        mean=arrays["mean"],
        scale=arrays["scale"],
        thresholds=dict(zip(names, values, strict=True)),
        chances=chances_from_arrays(arrays),
    )
