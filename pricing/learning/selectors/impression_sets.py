"""Read which goods pages showed together."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from pricing.base.core.impressions import HOUR_MS
from pricing.learning.core.shown import SetRows
from pricing.ledger.models.impressions import LookTally
from shop.ground.database.packed import Packed, fetch_packed

_COLUMNS = (
    Packed("set", ">i8", "int8send(set_id)"),
    Packed("hour", ">i8", "int8send((extract(epoch FROM hour)::int8 / 3600)::int8)"),
    Packed("book", ">i8", "int8send(book_version::int8)"),
    Packed("variant", ">i8", "int8send(variant_id)"),
    Packed("pages", ">i8", "int8send(pages)"),
)
_SOURCE = """
FROM (
    SELECT row_number() OVER (ORDER BY hour, book_version, set_hash) AS set_id, hour, book_version,
        unnest(variant_ids) AS variant_id, pages
    FROM pricing_publiclookset
    WHERE hour >= %(since)s AND hour < %(until)s
        AND market_code = %(market)s AND channel = %(channel)s
) members
"""


def load_look_sets(*, since: datetime, until: datetime, market: str, channel: str) -> SetRows:
    """Return the sets of goods that pages of `[since, until)` showed, good by good. One query."""
    scope = {"since": since, "until": until, "market": market, "channel": channel}
    found = fetch_packed(_COLUMNS, _SOURCE, scope)
    return SetRows(
        set_id=found["set"].astype(np.int64),
        hour_ms=found["hour"].astype(np.int64) * HOUR_MS,
        book_version=found["book"].astype(np.int64),
        variant_id=found["variant"].astype(np.int64),
        pages=found["pages"].astype(np.float64),
    )


def count_left_out() -> int:
    """Return how many pages had a set of goods that was not kept. One query."""
    return LookTally.objects.values_list("left_out_sets", flat=True).first() or 0
