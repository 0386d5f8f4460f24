"""The one way quotes get into their table: one statement inserts what is new."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence

import numpy as np
from django.db import connection

from pricing.competitors.selectors import load_lowest_competitors
from pricing.ledger.core.unit_prices import EXPOSURE_COLUMNS, JSON_COLUMNS, QuoteRow
from profiles.segments.api import map_segments
from profiles.shoppers.api import list_shoppers
from shop.ground.inventory.selectors import available

COLUMNS: tuple[str, ...] = (
    "id",
    "issued_at",
    "expires_at",
    "shopper_id",
    "shopper_hash",
    "variant_id",
    "market_code",
    "channel",
    "currency",
    "purpose",
    "list_minor",
    "public_minor",
    "quoted_minor",
    "is_personal",
    "rung",
    "arm",
    "propensity",
    "label_code",
    "jurisdiction_code",
    "policy_version",
    "model_version",
    "book_version",
    "is_complete",
    *JSON_COLUMNS,
    "kid",
    "signature",
    *EXPOSURE_COLUMNS,
)
_NAMES = ", ".join(COLUMNS)
# What is there stays, but a row stored from its token alone gets its decision now.
_COMPLETED = (
    *JSON_COLUMNS,
    *EXPOSURE_COLUMNS,
    "is_complete",
    "shopper_id",
    "purpose",
    "propensity",
)
_INSERT = f"""
INSERT INTO pricing_quote ({_NAMES})
SELECT {_NAMES} FROM jsonb_populate_recordset(NULL::pricing_quote, %s::jsonb)
ON CONFLICT (id, issued_at) DO UPDATE
SET {", ".join(f"{name} = EXCLUDED.{name}" for name in _COMPLETED)}
WHERE NOT pricing_quote.is_complete AND EXCLUDED.is_complete
"""  # noqa: S608  # only column names of this module are put in


def store_rows(rows: Sequence[QuoteRow]) -> int:
    """Insert rows that are not in the table yet, complete the incomplete; return rows written.

    A shopper erased while the quote was on its way is left out of it.
    """
    unique = {row["id"]: row for row in rows}
    if not unique:
        return 0
    asked = {row["shopper_id"] for row in unique.values()} - {None}
    alive = {shopper.id for shopper in list_shoppers(sorted(asked))} if asked else set()
    _add_surroundings(unique.values())
    values = [{name: _value(row, name, alive) for name in COLUMNS} for row in unique.values()]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [json.dumps(values, default=str)])
        return cursor.rowcount


def _add_surroundings(rows: Iterable[QuoteRow]) -> None:
    """Add segment, stock and lowest competitor of this moment to rows of decisions.

    The drain runs seconds behind the request, which cannot afford the queries: two, and one for
    each market.
    """
    ours = [row for row in rows if row["rung_minors"] is not None]
    if not ours:
        return
    free = available(sorted({row["variant_id"] for row in ours}))
    segments = map_segments(sorted({row["shopper_id"] for row in ours} - {None}))
    for row in ours:
        row["stock"] = max(0, free[row["variant_id"]])
        row["segment"] = segments.get(row["shopper_id"], "")
    for market in sorted({row["market_code"] for row in ours}):
        _add_competitors([row for row in ours if row["market_code"] == market], market)


def _add_competitors(rows: Sequence[QuoteRow], market: str) -> None:
    ids = np.unique([row["variant_id"] for row in rows])
    now = max(row["issued_at"] for row in rows)
    lowest = load_lowest_competitors(variant_id=ids, market=market, now=now)
    known = {
        one: round(price)
        for one, price in zip(ids.tolist(), lowest.tolist(), strict=True)
        if math.isfinite(price)
    }
    for row in rows:
        row["competitor_minor"] = known.get(row["variant_id"])


def _value(row: QuoteRow, name: str, alive: set[int]) -> object:
    if name == "shopper_id" and row[name] not in alive:
        return None
    return row[name]
