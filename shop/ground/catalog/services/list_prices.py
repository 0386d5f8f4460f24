"""Write list prices of the home market and of others. Pricing calls this with its ledger.

Each counts as a change of the product: who edits its page from an older state is told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db import connection
from django.db.models import F

from shop.ground.catalog.models import ListPrice, Product, Variant

type PriceRow = tuple[int, int, int | None]

_ASKED = "unnest(%s::bigint[], %s::int[], %s::int[]) AS asked (variant_id, amount, cost)"
_HOME = f"""
UPDATE shop_variant v
SET list_minor = asked.amount, list_source = 'merchant',
    cost_minor = coalesce(asked.cost, v.cost_minor),
    cost_source = CASE WHEN asked.cost IS NULL THEN v.cost_source ELSE 'merchant' END,
    cost_stated_at = CASE WHEN asked.cost IS NULL THEN v.cost_stated_at ELSE %s END
FROM {_ASKED} WHERE v.id = asked.variant_id
AND (v.list_minor, v.list_source, v.cost_minor, v.cost_source) IS DISTINCT FROM
    (asked.amount, 'merchant', coalesce(asked.cost, v.cost_minor),
     CASE WHEN asked.cost IS NULL THEN v.cost_source ELSE 'merchant' END)
RETURNING v.id
"""  # noqa: S608  # no part of it comes from outside
_ABROAD = f"""
INSERT INTO shop_listprice AS known (market_id, variant_id, amount_minor, cost_minor)
SELECT %s, asked.variant_id, asked.amount, asked.cost FROM {_ASKED}
ON CONFLICT (variant_id, market_id) DO UPDATE
SET amount_minor = excluded.amount_minor,
    cost_minor = coalesce(excluded.cost_minor, known.cost_minor)
WHERE (known.amount_minor, known.cost_minor) IS DISTINCT FROM
    (excluded.amount_minor, coalesce(excluded.cost_minor, known.cost_minor))
RETURNING variant_id
"""  # noqa: S608  # no part of it comes from outside


def write_home_prices(*, rows: Sequence[PriceRow], now: datetime) -> None:
    """Set list price and, where given, cost of variants, by ascending id: (id, price, cost)."""
    _lock_products(row[0] for row in rows)
    with connection.cursor() as cursor:
        cursor.execute(_HOME, [now, *_columns(rows)])
        _count_revisions(pk for (pk,) in cursor.fetchall())


def write_list_prices(*, rows: Sequence[PriceRow], market: str) -> None:
    """Set list price and, where given, cost in a market other than the home market."""
    _lock_products(row[0] for row in rows)
    with connection.cursor() as cursor:
        cursor.execute(_ABROAD, [market, *_columns(rows)])
        _count_revisions(pk for (pk,) in cursor.fetchall())


def delete_list_prices(*, variant_ids: Collection[int], market: str) -> int:
    """Stop selling variants in a market; return how many were sold there."""
    _lock_products(variant_ids)
    rows = ListPrice.objects.filter(variant_id__in=variant_ids, market_id=market)
    _count_revisions(list(rows.values_list("variant_id", flat=True)))
    return rows.delete()[0]


def _lock_products(variant_ids: Iterable[int]) -> None:
    """Lock the products of these variants in the order in which edits of products do."""
    own = Variant.objects.filter(pk__in=list(variant_ids)).values("product_id")
    rows = Product.objects.select_for_update(no_key=True).filter(pk__in=own)
    list(rows.order_by("pk").values("pk"))


def _count_revisions(variant_ids: Iterable[int]) -> None:
    """Count a change of the products of these variants: an edit begun before it is refused."""
    own = Variant.objects.filter(pk__in=list(variant_ids)).values("product_id")
    Product.objects.filter(pk__in=own).update(revision=F("revision") + 1)


def _columns(rows: Sequence[PriceRow]) -> list[list[int] | list[int | None]]:
    return [[row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]]
