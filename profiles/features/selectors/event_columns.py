"""Events of shoppers as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from profiles.features.core import KIND_CODES, KINDS, EventColumns
from shop.ground.database.packed import Packed, fetch_packed

FOREVER = datetime.max.replace(tzinfo=UTC)

# PostgreSQL sends a timestamp as microseconds since 2000-01-01 UTC.
_POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
# Purchases first: they are most of the table.
_KIND_CASE = "CASE kind {} END".format(
    " ".join(
        f"WHEN '{kind}' THEN {KIND_CODES[kind]}"
        for kind in sorted(KINDS, key=lambda kind: kind != "purchase")
    )
)
_COLUMNS = (
    Packed("shopper", ">i8", "int8send(shopper_id)"),
    Packed("id", "V16", "uuid_send(id)"),
    Packed("at", ">i8", "timestamptz_send(occurred_at)"),
    Packed("kind", ">i2", f"int2send(({_KIND_CASE})::int2)"),
    Packed("variant", ">i8", "int8send(coalesce(variant_id, -1))"),
    Packed("category", ">i8", "int8send(coalesce(category_id, -1))"),
    Packed("brand", ">i8", "int8send(coalesce(brand_id, -1))"),
    Packed("quantity", ">i4", "int4send(quantity)"),
    Packed("paid", ">i8", "int8send(coalesce(paid_minor, 0))"),
    Packed("list", ">i8", "int8send(coalesce(list_minor, 0))"),
    Packed("is_discounted", "u1", "boolsend(is_discounted)"),
    Packed("price_rank", ">f8", "float8send(coalesce(price_rank, 'NaN'))"),
    # Only events with a messenger of their own can be late; an import has none.
    Packed(
        "is_recent",
        "u1",
        "boolsend(received_at > %(recent)s AND source IN ('device', 'shop', 'simulated'))",
    ),
)
_SOURCE = "FROM profiles_event WHERE shopper_id = ANY(%(shoppers)s) AND occurred_at <= %(as_of)s"


@dataclass(frozen=True, slots=True)
class ShopperEvents:
    """Events of some shoppers as parallel arrays (n,): whose, which, and the columns.

    `event_id` holds the 16 bytes of the UUID; `is_recent` marks those received lately.
    """

    shopper_id: NDArray[np.int64]
    event_id: NDArray[np.void]
    is_recent: NDArray[np.bool_]
    columns: EventColumns


def load_shopper_events(
    shopper_ids: Sequence[int], *, as_of: datetime = FOREVER, recent_since: datetime = FOREVER
) -> ShopperEvents:
    """Return the events of `shopper_ids` at or before `as_of`. One query, one snapshot.

    Events received after `recent_since` are marked recent.
    """
    parameters = {
        "shoppers": list(shopper_ids),
        "as_of": as_of,
        "recent": recent_since,
    }
    rows = fetch_packed(_COLUMNS, _SOURCE, parameters)
    return ShopperEvents(
        shopper_id=rows["shopper"].astype(np.int64),
        event_id=rows["id"],
        is_recent=rows["is_recent"].astype(np.bool_),
        columns=EventColumns(
            kind=rows["kind"].astype(np.int16),
            at=rows["at"].astype(np.float64) / 1e6 + _POSTGRES_EPOCH,
            variant_id=rows["variant"].astype(np.int64),
            category_id=rows["category"].astype(np.int64),
            brand_id=rows["brand"].astype(np.int64),
            quantity=rows["quantity"].astype(np.int64),
            paid_minor=rows["paid"].astype(np.int64),
            list_minor=rows["list"].astype(np.int64),
            is_discounted=rows["is_discounted"].astype(np.bool_),
            price_rank=rows["price_rank"].astype(np.float64),
        ),
    )
