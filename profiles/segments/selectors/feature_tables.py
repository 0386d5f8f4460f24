"""Features in batch, as of any moment: the same functions as online, on the table's events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from django.db.models import Q
from numpy.typing import NDArray

from profiles.features.api import load_shopper_events, sensitive_goods
from profiles.features.core import AccumulatorTable, derive_rows, derive_values, sum_events
from profiles.segments.core.prediction_history import Answers, ask_past
from profiles.segments.selectors.segments import describe_row
from profiles.shoppers.models.shoppers import Shopper
from profiles.values import FeatureRow

CHUNK = 500
# Purchases are recorded by contract; a profile is made of them only with consent.
AGREES_TO_PROFILE = (
    Q(consent_price=True) | Q(consent_recommendations=True) | Q(consent_analytics=True)
)


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """Features of m shoppers: `values` (m, len(VALUE_NAMES)), with the sums they came from."""

    shopper_ids: tuple[int, ...]
    pseudonyms: tuple[str, ...]
    as_of: datetime
    values: NDArray[np.float64]
    sums: AccumulatorTable

    def rows(self) -> Iterator[FeatureRow]:
        """Yield the rows, each with its segment and tags."""
        for row in derive_rows(self.sums, self.pseudonyms, self.as_of):
            yield describe_row(row)


def compute_feature_tables(
    shopper_ids: Sequence[int] | None, as_of: datetime
) -> Iterator[FeatureTable]:
    """Yield features from events at or before `as_of`, some hundred shoppers at a time.

    Without ids: everybody who is not erased or merged. One query, and one per 500 shoppers.
    """
    shoppers = Shopper.objects.filter(erased_at__isnull=True, merged_into__isnull=True)
    if shopper_ids is not None:
        shoppers = shoppers.filter(pk__in=shopper_ids)
    known = list(shoppers.order_by("pk").values_list("pk", "pseudonym"))
    zone = ZoneInfo(settings.BUSINESS_TIME_ZONE)
    sensitive = sensitive_goods()
    for chunk in batched(known, CHUNK):
        ids = tuple(pk for pk, _ in chunk)
        events = load_shopper_events(ids, as_of=as_of)
        rows = np.searchsorted(np.array(ids, dtype=np.int64), events.shopper_id)
        sums = sum_events(events.columns, rows, len(ids), zone, sensitive)
        yield FeatureTable(
            shopper_ids=ids,
            pseudonyms=tuple(str(pseudonym) for _, pseudonym in chunk),
            as_of=as_of,
            values=derive_values(sums, as_of.timestamp()),
            sums=sums,
        )


def ask_past_weeks(shopper_ids: Sequence[int], now: datetime) -> Iterator[Answers]:
    """Yield what was asked of past weeks about these shoppers and what came of it, some hundred at
    a time. One query per 500 shoppers."""
    zone, sensitive = ZoneInfo(settings.BUSINESS_TIME_ZONE), sensitive_goods()
    for chunk in batched(sorted(shopper_ids), CHUNK):
        ids = np.array(chunk, dtype=np.int64)
        events = load_shopper_events(chunk, as_of=now)
        rows = np.searchsorted(ids, events.shopper_id)
        yield ask_past(events.columns, rows, ids, now.timestamp(), zone=zone, sensitive=sensitive)


def compute_feature_rows(
    shopper_ids: Sequence[int] | None, as_of: datetime
) -> Iterator[FeatureRow]:
    """Yield features of shoppers by id from events at or before `as_of`, with segment and tags.

    Shoppers who did nothing yet have a row too. One query, and one per 500 shoppers.
    """
    for table in compute_feature_tables(shopper_ids, as_of):
        yield from table.rows()
