"""Read stock."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import F, Max
from numpy.typing import NDArray

from shop.ground.inventory.models import StockMovement, StockRecord

HOUR = timedelta(hours=1)

# What lay there after each movement holds until the next one; a period is counted from the start.
_SOLD_OUT = """
WITH lay AS (
    SELECT movement.variant_id, movement.at AS began,
        sum(sum(movement.quantity)) OVER later AS pieces,
        coalesce(lead(movement.at) OVER later, %(until)s) AS ended
    FROM shop_stockmovement movement
    JOIN shop_stocklocation location ON location.id = movement.location_id
    WHERE (%(location)s::text IS NULL OR location.code = %(location)s)
        AND movement.variant_id = ANY(%(variants)s)
        AND movement.at < %(until)s
    GROUP BY movement.variant_id, movement.at
    WINDOW later AS (PARTITION BY movement.variant_id ORDER BY movement.at)
)
SELECT lay.variant_id, period, sum(extract(epoch FROM least(
        lay.ended, %(start)s + (period + 1) * %(days)s * interval '1 day'
    ) - greatest(lay.began, %(start)s + period * %(days)s * interval '1 day')))::float8 / 3600
FROM lay, generate_series(
    greatest(0, floor(extract(epoch FROM lay.began - %(start)s) / (%(days)s * 86400))::int),
    ceil(extract(epoch FROM lay.ended - %(start)s) / (%(days)s * 86400))::int - 1
) period
WHERE lay.pieces <= 0 AND lay.ended > %(start)s
GROUP BY 1, 2
"""


_FREE = """
SELECT string_agg(int8send(record.variant_id) || int4send(record.on_hand - record.reserved), '')
FROM shop_stockrecord record
JOIN shop_stocklocation location ON location.id = record.location_id {chosen}
WHERE location.code = %(location)s
"""
# A join is hashed; "in the list" would be compared with each of the list.
_CHOSEN = "JOIN unnest(%(variants)s::int8[]) AS asked(id) ON asked.id = record.variant_id"
# Of more, all are read: to write a list down takes longer.
FEW = 5_000


def count_available(variant_ids: NDArray[np.int64], location: str = "online") -> NDArray[np.int64]:
    """Return pieces free to sell of many variants (ascending ids), (n,); 0 where no stock is
    recorded. One query."""
    wanted = variant_ids.tolist() if len(variant_ids) <= FEW else None
    free = np.zeros(len(variant_ids), dtype=np.int64)
    with connection.cursor() as cursor:
        chosen = "" if wanted is None else _CHOSEN
        cursor.execute(_FREE.format(chosen=chosen), {"variants": wanted, "location": location})
        packed = cursor.fetchone()[0]
    rows = np.frombuffer(bytes(packed or b""), dtype=[("variant", ">i8"), ("free", ">i4")])
    if len(variant_ids):
        owner = rows["variant"].astype(np.int64)
        at = np.minimum(np.searchsorted(variant_ids, owner), len(variant_ids) - 1)
        is_asked = variant_ids[at] == owner
        free[at[is_asked]] = rows["free"][is_asked]
    return free


def list_stock(
    *, variant_ids: Sequence[int], location: str = "online"
) -> dict[int, tuple[int, int]]:
    """Return (pieces on hand, pieces reserved) by variant. One query."""
    rows = StockRecord.objects.filter(variant_id__in=variant_ids, location__code=location)
    return {
        pk: (on_hand, held)
        for pk, on_hand, held in rows.values_list("variant_id", "on_hand", "reserved")
    }


def find_last_moves(
    *, variant_ids: Collection[int], location: str = "online"
) -> dict[int, datetime]:
    """Return when somebody last said what lies there, by variant: pieces that came or a count. One
    query."""
    kinds = (
        StockMovement.Kind.OPENING,
        StockMovement.Kind.RECEIVED,
        StockMovement.Kind.ADJUSTED,
    )
    rows = StockMovement.objects.filter(
        variant_id__in=variant_ids, location__code=location, kind__in=kinds
    )
    last = rows.order_by().values("variant_id").annotate(last=Max("at"))
    return dict(last.values_list("variant_id", "last"))


def available(variant_ids: Sequence[int], location: str = "online") -> dict[int, int]:
    """Return pieces free to sell by variant id; 0 where no stock is recorded. One query."""
    free = StockRecord.objects.filter(
        variant_id__in=variant_ids, location__code=location
    ).values_list("variant_id", F("on_hand") - F("reserved"))
    return {**dict.fromkeys(variant_ids, 0), **dict(free)}


def next_deliveries(
    variant_ids: Sequence[int], *, after: date, location: str = "online"
) -> dict[int, date]:
    """Return the day on which pieces come again, of the variants where it is known and lies after
    `after`. One query."""
    rows = StockRecord.objects.filter(
        variant_id__in=variant_ids, location__code=location, next_delivery__gt=after
    )
    days = rows.values_list("variant_id", "next_delivery")
    return {variant: day for variant, day in days if day is not None}


def load_sold_out_hours(
    variant_ids: Sequence[int],
    *,
    start: datetime,
    until: datetime,
    location: str | None = "online",
    days: int = 1,
) -> dict[tuple[int, int], float]:
    """Return for how many hours nothing lay there, by (variant, period of `days` since `start`),
    where it was so at all; without a location the hours in which nothing lay anywhere.

    From the ledger: pieces that are only spoken for still lie there. One query.
    """
    asked: dict[str, Any] = {
        "variants": list(variant_ids),
        "start": start,
        "until": until,
        "location": location,
        "days": days,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SOLD_OUT, asked)
        return {(variant, period): hours for variant, period, hours in cursor.fetchall()}


def mask_sold_out_hours(
    variant_ids: Sequence[int], *, since: datetime, until: datetime, location: str = "online"
) -> NDArray[np.bool_]:
    """Return in which hours of `[since, until)` nothing of a variant lay there, (n, hours).

    An hour counts if there was nothing at its beginning and at its end; pieces that were only
    reserved lay there. Where no stock is recorded there never was any. Two queries.
    """
    ends = [since + HOUR * number for number in range(int((until - since) / HOUR) + 1)]
    held = StockRecord.objects.filter(variant_id__in=variant_ids, location__code=location)
    now = dict(held.values_list("variant_id", "on_hand"))
    row = {variant: at for at, variant in enumerate(variant_ids)}
    pieces = np.tile([now.get(one, 0) for one in variant_ids], (len(ends), 1)).T
    moved = StockMovement.objects.filter(
        variant_id__in=variant_ids, location__code=location, at__gt=since
    )
    moments = np.array([end.timestamp() for end in ends])
    for variant, quantity, at in moved.values_list("variant_id", "quantity", "at"):
        pieces[row[variant], moments < at.timestamp()] -= quantity
    is_empty = pieces <= 0
    return is_empty[:, :-1] & is_empty[:, 1:]


def read_stock(
    variant_ids: Collection[int], location: str = "online"
) -> dict[int, tuple[int, int]]:
    """Return (pieces on hand, reserved) of variants whose stock is recorded. One query."""
    rows = StockRecord.objects.filter(variant_id__in=variant_ids, location__code=location)
    return {
        one: (on_hand, held)
        for one, on_hand, held in rows.values_list("variant_id", "on_hand", "reserved")
    }
