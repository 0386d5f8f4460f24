"""Which goods shoppers looked at closely, and whether they then bought them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from profiles.selectors.packed import Packed, fetch_packed

_COLUMNS = (
    Packed("shopper", ">i8", "int8send(shopper_id)"),
    Packed("variant", ">i8", "int8send(variant_id)"),
    Packed("at", ">i8", "int8send((extract(epoch FROM occurred_at) * 1000)::int8)"),
    Packed("units", ">i8", "int8send(units)"),
)
_SOURCE = """
FROM (
    SELECT v.shopper_id, v.variant_id, v.occurred_at, (
        SELECT coalesce(sum(p.quantity), 0)::int8 FROM profiles_event p
        WHERE p.shopper_id = v.shopper_id AND p.variant_id = v.variant_id AND p.kind = 'purchase'
            AND p.occurred_at >= v.occurred_at AND p.occurred_at < v.occurred_at + %(patience)s
    ) AS units
    FROM profiles_event v JOIN profiles_shopper s ON s.id = v.shopper_id
    WHERE v.kind = 'view' AND v.variant_id IS NOT NULL AND v.channel = %(channel)s
        AND v.occurred_at >= %(since)s AND v.occurred_at < %(until)s
        AND s.consent_price AND s.market_code = %(market)s
) views
"""


@dataclass(frozen=True, slots=True)
class ProductViews:
    """Views of products as parallel arrays (n,), by shopper, variant and time.

    `units` is what the shopper then bought of the variant. Views that follow each other closely
    are one.
    """

    shopper_id: NDArray[np.int64]
    variant_id: NDArray[np.int64]
    at_ms: NDArray[np.int64]
    units: NDArray[np.int64]


def load_product_views(
    *, since: datetime, until: datetime, patience: timedelta, market: str, channel: str
) -> ProductViews:
    """Return the views in `[since, until)` by shoppers whose data prices may use, with what they
    bought within `patience`. One query."""
    place = {"market": market, "channel": channel}
    moments = {"since": since, "until": until, "patience": patience}
    rows = fetch_packed(_COLUMNS, _SOURCE, place | moments)
    rows = rows[np.lexsort((rows["at"], rows["variant"], rows["shopper"]))]
    shopper, variant, at = (rows[name].astype(np.int64) for name in ("shopper", "variant", "at"))
    again = np.zeros(len(rows), dtype=np.bool_)
    again[1:] = (np.diff(shopper) == 0) & (np.diff(variant) == 0)
    again[1:] &= np.diff(at) < patience / timedelta(milliseconds=1)
    kept = ~again
    return ProductViews(
        shopper[kept], variant[kept], at[kept], rows["units"].astype(np.int64)[kept]
    )
