"""Segments and tags are fitted and named, and profiles of shoppers stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import QuerySet
from numpy.typing import NDArray

from profiles.features.core.derive import VALUE_NAMES
from profiles.features.core.registry import require_features
from profiles.fitted import delete_old_versions
from profiles.segments.core.prediction_history import Answers, Judged, fit_chances
from profiles.segments.core.predictions import CHANCE_FEATURES
from profiles.segments.core.rules import TAG_FEATURES, fit_thresholds, share_of
from profiles.segments.core.segmentation import (
    SEGMENT_FEATURES,
    Clusters,
    SegmentModel,
    SegmentName,
    fit_clusters,
    match_codes,
    model_arrays,
    model_from_arrays,
    name_segments,
)
from profiles.segments.models import Segment, SegmentVersion, ShopperProfile
from profiles.segments.selectors.online import (
    AGREES_TO_PROFILE,
    FeatureTable,
    ask_past_weeks,
    compute_feature_tables,
)
from profiles.segments.selectors.segments import forget_segments, fresh_categories, open_departments
from profiles.shoppers.models.shoppers import Shopper
from profiles.values import FeatureRow
from shop.ground.kernel.arrays import hash_arrays, pack_arrays, unpack_arrays

GRID = (4, 5, 6, 7, 8)
SEED = 20_261_125
LEAST_SHOPPERS = 40
DIGITS = 4

FloatArray = NDArray[np.float64]


def refit_segments(*, now: datetime) -> int:
    """Fit segments, tag thresholds and chances anew, keeping codes and names; return shoppers used.

    With fewer than 40 shoppers who ordered, nothing is changed. The new version is active at once
    in this process and within 5 s in all others; refresh profiles afterwards.
    """
    names = (*SEGMENT_FEATURES, *TAG_FEATURES, *CHANCE_FEATURES)
    require_features(names, purpose="analytics")
    values, fresh, answers = _collect(list(_list_agreed()), now)
    if len(values) < LEAST_SHOPPERS:
        return 0
    clusters = fit_clusters(values, grid=GRID, seed=SEED)
    thresholds = fit_thresholds(values, fresh)
    judged = fit_chances(answers)
    _activate(clusters, thresholds, judged, now=now)
    forget_segments()
    return len(values)


def _list_agreed() -> QuerySet[Shopper, int]:
    known = Shopper.objects.filter(erased_at__isnull=True, merged_into__isnull=True)
    return known.filter(AGREES_TO_PROFILE).values_list("pk", flat=True)


def _collect(
    agreed: Sequence[int], as_of: datetime
) -> tuple[FloatArray, FloatArray, list[Answers]]:
    """Return features (n, d) of who ordered and agreed, their share of fresh food (n,), and what
    past weeks say of all who agreed."""
    orders = VALUE_NAMES.index("orders")
    values, fresh, answers = [], [], []
    for table, answer in ask_past_weeks(agreed, as_of):
        is_buyer = table.values[:, orders] > 0
        values.append(table.values[is_buyer])
        fresh.append(_fresh_shares(table)[is_buyer])
        answers.append(answer)
    if not values:
        return np.zeros((0, len(VALUE_NAMES))), np.zeros(0), []
    return np.concatenate(values), np.concatenate(fresh), answers


def _fresh_shares(table: FeatureTable) -> FloatArray:
    affinity, count = table.sums.categories, len(table.values)
    is_fresh = np.isin(affinity.id, list(fresh_categories()))
    total = np.bincount(affinity.row, weights=affinity.value, minlength=count)
    fresh = np.bincount(affinity.row, weights=affinity.value * is_fresh, minlength=count)
    return np.divide(fresh, total, out=np.zeros(count), where=total > 0)


@transaction.atomic
def _activate(
    clusters: Clusters,
    thresholds: Mapping[str, float],
    judged: Sequence[Judged],
    *,
    now: datetime,
) -> None:
    active = SegmentVersion.objects.select_for_update().filter(is_active=True).first()
    previous = None if active is None else model_from_arrays(unpack_arrays(active.arrays))
    codes = _name(clusters, match_codes(clusters, previous), now=now)
    model = SegmentModel(
        codes=codes,
        centroids=clusters.centroids,
        mean=clusters.mean,
        scale=clusters.scale,
        thresholds=thresholds,
        chances=tuple(one.chance for one in judged if one.chance and one.is_served),
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
            "chances": {one.question.code: _describe_proof(one) for one in judged},
        },
        is_active=True,
    )
    _count_members(dict(zip(codes, sizes, strict=True)))
    delete_old_versions(SegmentVersion)


def _describe_proof(one: Judged) -> dict[str, Any]:
    """Return what staff see of a question: how it did on the weeks held out."""
    if one.proof is None or one.chance is None:
        return {"is_served": False}
    kept = {
        name: round(value, DIGITS) if isinstance(value, float) else value
        for name, value in asdict(one.proof).items()
        if name != "reliability"
    }
    fifths = [
        {"rows": rows, "predicted": round(mean, DIGITS), "seen": round(seen, DIGITS)}
        for rows, mean, seen in one.proof.reliability
    ]
    most = list(one.chance.strongest())
    return {"is_served": one.is_served, **kept, "reliability": fifths, "counts_most": most}


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
    codes = Segment.objects.filter(rule__isnull=True).values_list("code", flat=True)
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
    segments = list(Segment.objects.filter(rule__isnull=True))
    for segment in segments:
        segment.shopper_count = sizes.get(segment.code, 0)
        segment.is_active = segment.code in sizes
    Segment.objects.bulk_update(segments, ["shopper_count", "is_active"])


PROFILE_DIGITS = 6


def refresh_profiles(*, now: datetime, since: datetime | None = None) -> int:
    """Refresh stored features, segments and tags of shoppers seen since; return how many.

    Without `since`: everybody. Only who agreed to something that needs a profile has one. A few
    statements per 500 shoppers, each chunk its own transaction.
    """
    shoppers = Shopper.objects.filter(AGREES_TO_PROFILE)
    if since is not None:
        shoppers = shoppers.filter(last_seen_at__gte=since)
    ids = list(shoppers.values_list("pk", flat=True))
    if not ids:
        return 0
    segments = dict(Segment.objects.values_list("code", "pk"))
    return sum(_store(table, segments, now=now) for table in compute_feature_tables(ids, as_of=now))


@transaction.atomic
def _store(table: FeatureTable, segments: dict[str, int], *, now: datetime) -> int:
    departments = open_departments()
    rows = zip(table.shopper_ids, table.rows(), strict=True)
    profiles = [
        ShopperProfile(
            shopper_id=shopper_id,
            features=_round(row.values.items()),
            segment_id=segments.get(row.segment or ""),
            tags=list(row.tags),
            interests=_share_interest(row, departments),
            refreshed_at=now,
        )
        for shopper_id, row in rows
    ]
    ShopperProfile.objects.bulk_create(
        profiles,
        update_conflicts=True,
        unique_fields=["shopper"],
        update_fields=["features", "segment", "tags", "interests", "refreshed_at"],
    )
    return len(profiles)


def _share_interest(row: FeatureRow, departments: Mapping[int, frozenset[int]]) -> dict[str, float]:
    """Return the share of interest by department, as rules of segments ask for it."""
    shares = ((key, share_of(row.category_affinity, ids)) for key, ids in departments.items())
    return {str(key): round(share, PROFILE_DIGITS) for key, share in shares if share}


def _round(values: Iterable[tuple[str, float]]) -> dict[str, float]:
    return {name: round(value, PROFILE_DIGITS) for name, value in values}
