"""Load from the ledger what reference prices are reckoned from, and the merchant's last prices."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from pricing.base.core.arrays import IntArray
from pricing.base.core.reference import (
    PaidRows,
    PriceSeries,
)
from pricing.ledger.models.ledger import PriceLedgerEntry, PublicPrice
from profiles.events.api import load_paid_prices
from shop.ground.database.packed import Packed, fetch_packed

# Reductions that began earlier than this, with their 90-day windows, are old news to any law.
PAID_DAYS = 270

_COLUMNS = (
    Packed("variant", ">i8", "int8send(variant_id)"),
    Packed("start", ">i8", "int8send(extract(epoch FROM valid_from)::int8)"),
    Packed("amount", ">i4", "int4send(amount_minor)"),
)
_SOURCE = """
FROM pricing_priceledgerentry {chosen}
WHERE kind = 'public' AND market_id = %(market)s AND channel = %(channel)s
    AND valid_from <= %(now)s
"""
# A join is hashed; "no list given, or in the list" would be compared with each of the list.
_CHOSEN = "JOIN unnest(%(variants)s::int8[]) AS asked(id) ON asked.id = variant_id"
# Of more, all are read: most of the catalogue is asked for anyway.
FEW = 20_000
_SECOND_BITS = 33


def load_series(*, variant_id: IntArray, now: datetime, place: tuple[str, str]) -> PriceSeries:
    """Return the public-price ledger of variants (ascending ids) up to `now`. One query."""
    wanted = variant_id.tolist() if len(variant_id) <= FEW else None
    parameters = {"market": place[0], "channel": place[1], "now": now, "variants": wanted}
    source = _SOURCE.format(chosen="" if wanted is None else _CHOSEN)
    rows = fetch_packed(_COLUMNS, source, parameters)
    owner, start = rows["variant"].astype(np.int64), rows["start"].astype(np.int64)
    at = np.minimum(np.searchsorted(variant_id, owner), max(len(variant_id) - 1, 0))
    is_wanted = variant_id[at] == owner if len(variant_id) else np.zeros(len(owner), np.bool_)
    at, start, amount = at[is_wanted], start[is_wanted], rows["amount"][is_wanted]
    # One number sorts ten times as fast as two columns; seconds take 33 bits until 2242
    order = np.argsort((at << _SECOND_BITS) + start)
    counts = np.bincount(at, minlength=len(variant_id))
    return PriceSeries(
        offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        start=start[order],
        amount=amount[order].astype(np.int64),
    )


def load_paid(
    *, variant_id: IntArray, now: datetime, market: str | None, days: int = PAID_DAYS
) -> PaidRows:
    """Return what was paid in a market (None: in all) for variants (ascending ids) in the last
    `days`. One query."""
    wanted = variant_id.tolist() if len(variant_id) <= FEW else None
    since = now - timedelta(days=days)
    paid = load_paid_prices(since=since, until=now, market=market, variant_ids=wanted)
    at = np.minimum(np.searchsorted(variant_id, paid.variant_id), max(len(variant_id) - 1, 0))
    known = variant_id[at] == paid.variant_id if len(variant_id) else np.zeros(0, np.bool_)
    return PaidRows(
        variant=at[known],
        at=paid.day_start[known],
        minor=paid.unit_minor[known],
        units=paid.units[known],
    )


def load_anchors(variant_id: IntArray, place: tuple[str, str]) -> IntArray:
    """Return the anchors of variants (n,), in minor units; 0 where one has no price. One query."""
    ids, row = np.unique(variant_id, return_inverse=True)
    rows = PublicPrice.objects.filter(market_id=place[0], channel=place[1])
    known = dict(rows.filter(variant_id__in=ids.tolist()).values_list("variant_id", "anchor_minor"))
    anchors = np.array([known.get(one, 0) for one in ids.tolist()], dtype=np.int64)
    found: IntArray = anchors[row.ravel()]
    return found


def list_moments_of(*, set_by: str, since: datetime) -> list[datetime]:
    """Return when somebody changed list prices after a moment, one for each. One query."""
    rows = PriceLedgerEntry.objects.filter(set_by=set_by, valid_from__gt=since)
    return list(rows.order_by("valid_from").values_list("valid_from", flat=True))
