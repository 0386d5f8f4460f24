"""Events of shoppers as arrays, straight from PostgreSQL's binary format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from profiles.core.features import KINDS, EventColumns

FOREVER = datetime.max.replace(tzinfo=UTC)

_SELECT = """
COPY (
    SELECT shopper_id, id, extract(epoch FROM occurred_at)::float8,
        (array_position(%(kinds)s::text[], kind::text) - 1)::int2,
        coalesce(variant_id, -1), coalesce(category_id, -1), coalesce(brand_id, -1),
        quantity, coalesce(paid_minor, 0), coalesce(list_minor, 0),
        is_discounted, coalesce(price_rank, 'NaN'), received_at > %(recent)s
    FROM profiles_event
    WHERE shopper_id = ANY(%(shoppers)s) AND occurred_at <= %(as_of)s
) TO STDOUT (FORMAT BINARY)
"""
_FIELDS = (
    ("shopper", ">i8"),
    ("id", "V16"),
    ("at", ">f8"),
    ("kind", ">i2"),
    ("variant", ">i8"),
    ("category", ">i8"),
    ("brand", ">i8"),
    ("quantity", ">i4"),
    ("paid", ">i8"),
    ("list", ">i8"),
    ("is_discounted", "u1"),
    ("price_rank", ">f8"),
    ("is_recent", "u1"),
)
_HEADER_BYTES = 19
_TRAILER_BYTES = 2


def row_type(columns: Sequence[tuple[str, str]]) -> np.dtype[np.void]:
    """Return the layout of one row of binary COPY whose columns are all of fixed width.

    A row is a 16-bit column count, then for each column a 32-bit length and the value. NULL has
    no value, so the query must leave none.
    """
    layout: list[tuple[str, str]] = [("_count", ">i2")]
    for name, kind in columns:
        layout += [(f"_length_{name}", ">i4"), (name, kind)]
    return np.dtype(layout)


def copy_rows(
    query: str, parameters: object, columns: Sequence[tuple[str, str]]
) -> NDArray[np.void]:
    """Return the rows of a `COPY (...) TO STDOUT (FORMAT BINARY)` as a structured array."""
    with connection.cursor() as cursor, cursor.copy(query, parameters) as copy:
        packed = b"".join(copy)
    body = packed[_HEADER_BYTES : len(packed) - _TRAILER_BYTES]
    return np.frombuffer(body, dtype=row_type(columns))


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
        "kinds": list(KINDS),
        "shoppers": list(shopper_ids),
        "as_of": as_of,
        "recent": recent_since,
    }
    rows = copy_rows(_SELECT, parameters, _FIELDS)
    return ShopperEvents(
        shopper_id=rows["shopper"].astype(np.int64),
        event_id=rows["id"],
        is_recent=rows["is_recent"].astype(np.bool_),
        columns=EventColumns(
            kind=rows["kind"].astype(np.int16),
            at=rows["at"].astype(np.float64),
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
