"""Stored profiles: what staff see, what is exported, what price books are made for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction

from profiles.segments.core.tags import share_of
from profiles.segments.models import Segment, ShopperProfile
from profiles.segments.selectors.feature_tables import (
    AGREES_TO_PROFILE,
    FeatureTable,
    compute_feature_tables,
)
from profiles.segments.selectors.segments import open_departments
from profiles.shoppers.models.shoppers import Shopper
from profiles.values import FeatureRow

DIGITS = 6


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
    return {str(key): round(share, DIGITS) for key, share in shares if share}


def _round(values: Iterable[tuple[str, float]]) -> dict[str, float]:
    return {name: round(value, DIGITS) for name, value in values}
