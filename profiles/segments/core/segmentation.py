"""Groups of shoppers who buy alike: k-means on standardized features, stable across refits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from profiles.features.core.derive import VALUE_NAMES
from profiles.segments.core.predictions import PredictionModel, chance_arrays, chances_from_arrays
from shop.ground.kernel.translation import gettext_noop, pgettext_noop, translate

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


LANGUAGES = ("en", "zh-hans")
NOTABLE = 0.4
TYPICAL = gettext_noop("Typical shoppers")

# feature: when high, then when low
_PHRASES: dict[str, tuple[str, str]] = {
    "orders": (gettext_noop("frequent visits"), gettext_noop("occasional visits")),
    "spend": (gettext_noop("large weekly shop"), gettext_noop("small purchases")),
    "discount_share": (gettext_noop("mostly on offer"), gettext_noop("rarely on offer")),
    "price_level": (gettext_noop("finer choices"), gettext_noop("thrifty choices")),
    "basket_lines": (gettext_noop("full baskets"), gettext_noop("quick trips")),
    "weekend_share": (gettext_noop("weekend shoppers"), gettext_noop("weekday shoppers")),
    "category_breadth": (gettext_noop("all over the store"), gettext_noop("few aisles")),
    "brand_focus": (gettext_noop("loyal to few brands"), gettext_noop("many brands")),
}
_COMMA = pgettext_noop("list", ", ")
_FIGURES = gettext_noop(
    "About {lines} lines an order, {on_offer} bought on offer, {weekend} of orders at the weekend."
)


@dataclass(frozen=True, slots=True)
class SegmentName:
    """A readable name and a sentence with figures, in both languages."""

    name: str
    name_zh: str
    description: str
    description_zh: str


def name_segments(
    centroids: FloatArray, mean: FloatArray, scale: FloatArray, taken: Sequence[str] = ()
) -> list[SegmentName]:
    """Return one name per centroid (k, d), all different from each other and from `taken`.

    A name joins the two traits that stand out most; where two segments would be called alike, a
    third trait (then a number) tells them apart.
    """
    used = set(taken)
    names = []
    for centroid in centroids:
        traits = np.argsort(-np.abs(centroid), kind="stable")
        name = _first_free(centroid, traits, used)
        used.add(name[0])
        figures = describe(centroid * scale + mean)
        names.append(SegmentName(*name, *figures))
    return names


def _first_free(centroid: FloatArray, traits: NDArray[np.int64], used: set[str]) -> tuple[str, str]:
    notable = [trait for trait in traits if abs(centroid[trait]) >= NOTABLE]
    for length in range(2, len(traits) + 1):
        chosen = notable[:length] if length == 2 else list(traits[:length])
        name = _join(centroid, chosen)
        if name[0] not in used:
            return name
    base, number = _join(centroid, list(traits[:2])), 2
    while f"{base[0]} {number}" in used:
        number += 1
    return f"{base[0]} {number}", f"{base[1]} {number}"


def _join(centroid: FloatArray, traits: Sequence[int]) -> tuple[str, str]:
    """Return the name of these traits in both languages: stored, and read in either."""
    phrases = [_PHRASES[SEGMENT_FEATURES[t]][0 if centroid[t] > 0 else 1] for t in traits]
    english, chinese = (
        translate(_COMMA, language).join(translate(one, language) for one in phrases or [TYPICAL])
        for language in LANGUAGES
    )
    return english[0].upper() + english[1:], chinese


def describe(point: FloatArray) -> tuple[str, str]:
    """Return a sentence about the middle of a segment; `point` (d,) is transformed features.

    >>> describe(np.array([np.log1p(13.0), 0, 0.45, 0.6, np.log1p(9.0), 0.3, 0, 0]))[0]
    'About 9 lines an order, 45% bought on offer, 30% of orders at the weekend.'
    """
    values = {
        name: float(np.expm1(value) if name in LOGARITHMIC else value)
        for name, value in zip(SEGMENT_FEATURES, point, strict=True)
    }
    figures = {
        "lines": f"{values['basket_lines']:.0f}",
        "on_offer": f"{values['discount_share']:.0%}",
        "weekend": f"{values['weekend_share']:.0%}",
    }
    english, chinese = (translate(_FIGURES, language, **figures) for language in LANGUAGES)
    return english, chinese
