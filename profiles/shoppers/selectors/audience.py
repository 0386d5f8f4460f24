"""Shoppers as columns, for counting whom a promotion could reach."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from profiles.shoppers.models.shoppers import Shopper
from shop.ground.database.packed import Packed, fetch_packed

# Of so many every one is read, in about a second; of more an even share of that many: an audience
# of one in a hundred is then still within 2 %.
MOST_EXACT = 2_000_000
MOST_COMPARED = 200_000
_COUNT = """
SELECT count(*) FROM profiles_shopper
WHERE merged_into_id IS NULL AND erased_at IS NULL AND market_code = %(market)s
"""
_ROWS = """
FROM profiles_shopper s {profiles}
WHERE s.merged_into_id IS NULL AND s.erased_at IS NULL AND s.market_code = %(market)s {share}
"""
# Only where a share is read: the planner takes it for one in two hundred and loops over profiles.
_SHARE = "AND s.id %% %(every)s = 0"
_PROFILES = "LEFT JOIN profiles_shopperprofile p ON p.shopper_id = s.id"
_COLUMNS = (
    Packed("id", ">i8", "int8send(s.id)"),
    Packed("member", "?", "boolsend(s.account_id IS NOT NULL)"),
    Packed("agrees", "?", "boolsend(s.consent_recommendations)"),
)
_SEGMENT = Packed("segment", ">i8", "int8send(coalesce(p.segment_id, -1))")
_NO_SEGMENT = Packed("segment", ">i8", "int8send(-1)")


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
    return ids[:: max(1, -(-len(ids) // MOST_COMPARED))]


def load_shopper_columns(
    *, market_code: str, tags: Collection[str] = (), has_segments: bool = True
) -> ShopperColumns:
    """Return the shoppers of a market; of more than MOST_EXACT an even share of that many.

    Merged guests and erased shoppers are nobody. Profiles are read only where tags or segments are
    asked for: they are as many. Three queries.
    """
    words = sorted(tags)
    parameters = {f"tag_{at}": word for at, word in enumerate(words)} | {"market": market_code}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, parameters)
        total = int(cursor.fetchone()[0])
        cursor.execute("SELECT id, code FROM profiles_segment")
        codes = dict(cursor.fetchall())
    every = max(1, -(-total // MOST_EXACT))
    carried = [
        Packed(f"tag_{at}", "?", f"boolsend(coalesce(%(tag_{at})s = ANY(p.tags), false))")
        for at in range(len(words))
    ]
    needs_profiles = has_segments or bool(words)
    segment = _SEGMENT if needs_profiles else _NO_SEGMENT
    source = _ROWS.format(
        profiles=_PROFILES if needs_profiles else "", share=_SHARE if every > 1 else ""
    )
    rows = fetch_packed((*_COLUMNS, segment, *carried), source, {**parameters, "every": every})
    rows = rows[np.argsort(rows["id"])]
    return ShopperColumns(
        shopper_id=rows["id"].astype(np.int64),
        is_member=rows["member"].copy(),
        agrees=rows["agrees"].copy(),
        segment=rows["segment"].astype(np.int64),
        codes=codes,
        tags={word: rows[f"tag_{at}"].copy() for at, word in enumerate(words)},
        every=every,
        total=total,
    )
