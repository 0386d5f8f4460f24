"""Write list prices of the home market and of others. Pricing calls this with its ledger."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import connection

from shop.catalog.models import ListPrice

type PriceRow = tuple[int, int, int | None]

_ASKED = "unnest(%s::bigint[], %s::int[], %s::int[]) AS asked (variant_id, amount, cost)"
_HOME = f"""
UPDATE shop_variant v
SET list_minor = asked.amount, list_source = 'merchant',
    cost_minor = coalesce(asked.cost, v.cost_minor),
    cost_source = CASE WHEN asked.cost IS NULL THEN v.cost_source ELSE 'merchant' END,
    cost_stated_at = CASE WHEN asked.cost IS NULL THEN v.cost_stated_at ELSE %s END
FROM {_ASKED} WHERE v.id = asked.variant_id
"""  # noqa: S608  # no part of it comes from outside
_ABROAD = f"""
INSERT INTO shop_listprice AS known (market_id, variant_id, amount_minor, cost_minor)
SELECT %s, asked.variant_id, asked.amount, asked.cost FROM {_ASKED}
ON CONFLICT (variant_id, market_id) DO UPDATE
SET amount_minor = excluded.amount_minor,
    cost_minor = coalesce(excluded.cost_minor, known.cost_minor)
"""  # noqa: S608  # no part of it comes from outside


def write_home_prices(*, rows: Sequence[PriceRow], now: datetime) -> None:
    """Set list price and, where given, cost of variants, by ascending id: (id, price, cost)."""
    with connection.cursor() as cursor:
        cursor.execute(_HOME, [now, *_columns(rows)])


def write_list_prices(*, rows: Sequence[PriceRow], market: str) -> None:
    """Set list price and, where given, cost in a market other than the home market."""
    with connection.cursor() as cursor:
        cursor.execute(_ABROAD, [market, *_columns(rows)])


def delete_list_prices(*, variant_ids: Collection[int], market: str) -> int:
    """Stop selling variants in a market; return how many were sold there."""
    return ListPrice.objects.filter(variant_id__in=variant_ids, market_id=market).delete()[0]


def _columns(rows: Sequence[PriceRow]) -> list[list[int] | list[int | None]]:
    return [[row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]]
