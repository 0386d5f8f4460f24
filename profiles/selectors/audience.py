"""Shoppers as columns, for counting whom a promotion could reach."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from profiles.models import Shopper

MOST_EXACT = 200_000
_COUNT = """
SELECT count(*) FROM profiles_shopper
WHERE merged_into_id IS NULL AND erased_at IS NULL AND market_code = %(market)s
"""
_ROWS = """
SELECT s.id, s.account_id IS NOT NULL, s.consent_recommendations,
       coalesce(p.segment_id, -1), ARRAY(SELECT t = ANY(p.tags) FROM unnest(%(tags)s::text[]) t)
FROM profiles_shopper s LEFT JOIN profiles_shopperprofile p ON p.shopper_id = s.id
WHERE s.merged_into_id IS NULL AND s.erased_at IS NULL AND s.market_code = %(market)s
  AND s.id %% %(every)s = 0
ORDER BY s.id
"""


@dataclass(frozen=True, slots=True)
class ShopperColumns:
    """n shoppers by ascending id. One in `every` was read; `total` shoppers there are.

    `segment` are ids of segments, -1 none; `codes` names them. `tags` are masks by word.
    """

    shopper_id: NDArray[np.int64]
    is_member: NDArray[np.bool_]
    agrees: NDArray[np.bool_]
    segment: NDArray[np.int64]
    codes: dict[int, str]
    tags: dict[str, NDArray[np.bool_]]
    every: int
    total: int


def list_members(*, before: datetime, market_code: str = "") -> NDArray[np.int64]:
    """Return the ids (n,) of shoppers who had an account before a moment, ascending.

    Of more than 200,000 an even share of that many: enough to compare means. One query.
    """
    rows = Shopper.objects.filter(
        account__date_joined__lt=before, merged_into__isnull=True, erased_at__isnull=True
    )
    if market_code:
        rows = rows.filter(market_code=market_code)
    ids = np.array(list(rows.order_by("pk").values_list("pk", flat=True)), dtype=np.int64)
    return ids[:: max(1, -(-len(ids) // MOST_EXACT))]


def load_shopper_columns(*, market_code: str, tags: Collection[str] = ()) -> ShopperColumns:
    """Return the shoppers of a market; of more than 200,000 an even share of that many.

    Merged guests and erased shoppers are nobody. Three queries.
    """
    words = sorted(tags)
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"market": market_code})
        total = int(cursor.fetchone()[0])
        every = max(1, -(-total // MOST_EXACT))
        cursor.execute(_ROWS, {"market": market_code, "tags": words, "every": every})
        rows = cursor.fetchall()
        cursor.execute("SELECT id, code FROM profiles_segment")
        codes = dict(cursor.fetchall())
    columns = list(zip(*rows, strict=True)) if rows else [()] * 5
    carried = np.array(columns[4], dtype=object).reshape(len(rows), len(words))
    return ShopperColumns(
        shopper_id=np.array(columns[0], dtype=np.int64),
        is_member=np.array(columns[1], dtype=np.bool_),
        agrees=np.array(columns[2], dtype=np.bool_),
        segment=np.array(columns[3], dtype=np.int64),
        codes=codes,
        tags={word: carried[:, at].astype(np.bool_) for at, word in enumerate(words)},
        every=every,
        total=total,
    )
