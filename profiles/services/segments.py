"""Fit segments, tags and similarities; keep what they are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from profiles.core.features import VALUE_NAMES, require_features
from profiles.core.naming import SegmentName, name_segments
from profiles.core.segmentation import (
    SEGMENT_FEATURES,
    Clusters,
    SegmentModel,
    fit_clusters,
    match_codes,
    model_arrays,
    model_from_arrays,
)
from profiles.core.similarity import fit_similarity, similarity_arrays
from profiles.core.tags import TAG_FEATURES, fit_thresholds
from profiles.models import Segment, SegmentVersion, Shopper, SimilarityVersion
from profiles.selectors.catalog import sensitive_goods
from profiles.selectors.features import (
    AGREES_TO_PROFILE,
    FeatureTable,
    compute_feature_tables,
)
from profiles.selectors.purchases import load_purchase_counts
from profiles.selectors.segments import forget_models, fresh_categories
from shop.kernel.arrays import hash_arrays, pack_arrays, unpack_arrays

GRID = (4, 5, 6, 7, 8)
SEED = 20_261_125
LEAST_SHOPPERS = 40
KEEP_VERSIONS = 10
SIMILARITY_DAYS = 365
SIMILARITY_VARIANTS = 4_000

FloatArray = NDArray[np.float64]


def refit_segments(*, now: datetime) -> int:
    """Fit segments and tag thresholds anew, keeping codes and names; return shoppers used.

    With fewer than 40 shoppers who ordered, nothing is changed. The new version is active at once
    in this process and within 5 s in all others; refresh profiles afterwards.
    """
    require_features((*SEGMENT_FEATURES, *TAG_FEATURES), purpose="analytics")
    values, fresh = _collect(now)
    if len(values) < LEAST_SHOPPERS:
        return 0
    clusters = fit_clusters(values, grid=GRID, seed=SEED)
    thresholds = fit_thresholds(values, fresh)
    _activate(clusters, thresholds, now=now)
    forget_models()
    return len(values)


def _collect(as_of: datetime) -> tuple[FloatArray, FloatArray]:
    """Return features (n, d) of who ordered and agreed, and their share of fresh food (n,)."""
    orders = VALUE_NAMES.index("orders")
    values, fresh = [], []
    agreed = Shopper.objects.filter(AGREES_TO_PROFILE).values_list("pk", flat=True)
    for table in compute_feature_tables(list(agreed), as_of):
        is_buyer = table.values[:, orders] > 0
        values.append(table.values[is_buyer])
        fresh.append(_fresh_shares(table)[is_buyer])
    if not values:
        return np.zeros((0, len(VALUE_NAMES))), np.zeros(0)
    return np.concatenate(values), np.concatenate(fresh)


def _fresh_shares(table: FeatureTable) -> FloatArray:
    affinity, count = table.sums.categories, len(table.values)
    is_fresh = np.isin(affinity.id, list(fresh_categories()))
    total = np.bincount(affinity.row, weights=affinity.value, minlength=count)
    fresh = np.bincount(affinity.row, weights=affinity.value * is_fresh, minlength=count)
    return np.divide(fresh, total, out=np.zeros(count), where=total > 0)


@transaction.atomic
def _activate(clusters: Clusters, thresholds: Mapping[str, float], *, now: datetime) -> None:
    active = SegmentVersion.objects.select_for_update().filter(is_active=True).first()
    previous = None if active is None else model_from_arrays(unpack_arrays(active.arrays))
    codes = _name(clusters, match_codes(clusters, previous), now=now)
    model = SegmentModel(
        codes=codes,
        centroids=clusters.centroids,
        mean=clusters.mean,
        scale=clusters.scale,
        thresholds=thresholds,
    )
    sizes = np.bincount(clusters.labels, minlength=len(codes)).tolist()
    arrays = model_arrays(model)
    SegmentVersion.objects.filter(is_active=True).update(is_active=False)
    SegmentVersion.objects.create(
        fitted_at=now,
        as_of=now,
        arrays=pack_arrays(arrays),
        sha256=hash_arrays(arrays),
        metrics={
            "silhouette": {str(k): round(v, 4) for k, v in clusters.silhouettes.items()},
            "sizes": dict(zip(codes, sizes, strict=True)),
            "kept": 0 if previous is None else len(set(codes) & set(previous.codes)),
        },
        is_active=True,
    )
    _count_members(dict(zip(codes, sizes, strict=True)))
    _delete_old_versions(SegmentVersion)


def _name(clusters: Clusters, matched: Sequence[str | None], *, now: datetime) -> tuple[str, ...]:
    """Return the code of each cluster; new ones get a segment with a name of their own."""
    kept = Segment.objects.filter(code__in=[code for code in matched if code is not None])
    taken = list(kept.values_list("name", flat=True))
    fresh = [at for at, code in enumerate(matched) if code is None]
    named = name_segments(clusters.centroids[fresh], clusters.mean, clusters.scale, taken)
    number = _last_number()
    codes = list(matched)
    for at, name in zip(fresh, named, strict=True):
        number += 1
        codes[at] = f"segment-{number:02d}"
        _create_segment(f"segment-{number:02d}", name, now=now)
    return tuple(str(code) for code in codes)


def _last_number() -> int:
    codes = Segment.objects.values_list("code", flat=True)
    return max((int(code.rpartition("-")[2]) for code in codes), default=0)


def _create_segment(code: str, name: SegmentName, *, now: datetime) -> None:
    Segment.objects.create(
        code=code,
        name=name.name,
        name_zh=name.name_zh,
        description=name.description,
        description_zh=name.description_zh,
        created_at=now,
    )


def _count_members(sizes: Mapping[str, int]) -> None:
    """Keep the size of each segment; one that was not found again is retired, never deleted."""
    segments = list(Segment.objects.all())
    for segment in segments:
        segment.shopper_count = sizes.get(segment.code, 0)
        segment.is_active = segment.code in sizes
    Segment.objects.bulk_update(segments, ["shopper_count", "is_active"])


def _delete_old_versions(table: type[SegmentVersion | SimilarityVersion]) -> None:
    newest = table.objects.order_by("-fitted_at", "-pk").values_list("pk", flat=True)
    kept = list(newest[:KEEP_VERSIONS])
    table.objects.filter(is_active=False).exclude(pk__in=kept).delete()


def refit_similarity(*, now: datetime) -> int:
    """Compute which variants are bought by the same shoppers; return variants covered.

    Sensitive goods take no part: they suggest nothing and nothing suggests them.
    """
    counts = load_purchase_counts(now, SIMILARITY_DAYS).without(sensitive_goods().variant_id)
    model = fit_similarity(
        counts.shopper_id, counts.variant_id, counts.count, most=SIMILARITY_VARIANTS
    )
    if not len(model.variant_id):
        return 0
    arrays = similarity_arrays(model)
    with transaction.atomic():
        SimilarityVersion.objects.filter(is_active=True).update(is_active=False)
        SimilarityVersion.objects.create(
            fitted_at=now,
            as_of=now,
            arrays=pack_arrays(arrays),
            sha256=hash_arrays(arrays),
            metrics={
                "variants": len(model.variant_id),
                "pairs": len(counts.count),
                "since": (now - timedelta(days=SIMILARITY_DAYS)).isoformat(),
            },
            is_active=True,
        )
        _delete_old_versions(SimilarityVersion)
    forget_models()
    return len(model.variant_id)
