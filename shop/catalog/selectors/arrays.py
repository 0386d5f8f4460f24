"""All active variants as arrays, and placement by week."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from shop.catalog.core.values import MEASURE_UNITS, SensitiveIds, VariantArrays, WeekArrays
from shop.catalog.models import ListPrice, ProductWeek, Variant
from shop.catalog.selectors.markets import get_market, home_market
from shop.catalog.selectors.versions import VersionedCache

_arrays: VersionedCache[VariantArrays] = VersionedCache(size=16)
_sensitive: VersionedCache[SensitiveIds] = VersionedCache(size=1)
_bulk: VersionedCache[frozenset[int]] = VersionedCache(size=1)
# Liquids of a category are compared by the quart if half of them hold a US pint or more.
BULK_MILLILITERS = 473.0
_families: VersionedCache[Mapping[int, tuple[int, ...]]] = VersionedCache(size=1)
_age_limited: VersionedCache[frozenset[int]] = VersionedCache(size=1)
_never_personal: VersionedCache[frozenset[int]] = VersionedCache(size=1)

QUESTION = """
SELECT v.id, v.product_id, p.category_id, coalesce(top.id, middle.id, leaf.id), p.brand_id,
       v.list_minor, coalesce(v.cost_minor, -1), leaf.is_restricted OR p.minimum_age IS NOT NULL,
       leaf.is_child_directed OR p.is_child_directed,
       p.is_sensitive OR leaf.is_sensitive OR coalesce(middle.is_sensitive, false)
           OR coalesce(top.is_sensitive, false),
       p.popularity, v.sku, coalesce(v.measure_amount, 0)::float8, v.measure_unit
FROM shop_variant v
JOIN shop_product p ON p.id = v.product_id
JOIN shop_category leaf ON leaf.id = p.category_id
LEFT JOIN shop_category middle ON middle.id = leaf.parent_id
LEFT JOIN shop_category top ON top.id = middle.parent_id
WHERE v.is_active AND p.is_active
ORDER BY v.id
"""
# Goods no longer sold count, too: their events are still there.
SENSITIVE = """
WITH RECURSIVE marked AS (
    SELECT id FROM shop_category WHERE is_sensitive
    UNION
    SELECT below.id FROM shop_category below JOIN marked ON below.parent_id = marked.id
)
SELECT ARRAY(SELECT id FROM marked ORDER BY id),
       ARRAY(SELECT v.id FROM shop_variant v JOIN shop_product p ON p.id = v.product_id
             WHERE p.is_sensitive OR p.category_id IN (SELECT id FROM marked) ORDER BY v.id)
"""
FAMILIES = """
SELECT array_agg(v.id ORDER BY v.position, v.id)
FROM shop_variant v JOIN shop_product p ON p.id = v.product_id
WHERE v.is_active AND p.is_active GROUP BY p.id HAVING count(*) > 1
"""
AGE_LIMITED = """
SELECT v.id FROM shop_variant v JOIN shop_product p ON p.id = v.product_id
JOIN shop_category leaf ON leaf.id = p.category_id
WHERE leaf.is_restricted OR p.minimum_age IS NOT NULL
"""
NEVER_PERSONAL = """
WITH RECURSIVE marked AS (
    SELECT id FROM shop_category WHERE is_sensitive
    UNION
    SELECT below.id FROM shop_category below JOIN marked ON below.parent_id = marked.id
)
SELECT v.id FROM shop_variant v JOIN shop_product p ON p.id = v.product_id
JOIN shop_category leaf ON leaf.id = p.category_id
WHERE leaf.is_restricted OR leaf.is_child_directed OR leaf.id IN (SELECT id FROM marked)
    OR p.minimum_age IS NOT NULL OR p.is_child_directed OR p.is_sensitive
"""


def load_variant_arrays(market: str = "") -> VariantArrays:
    """Return all active variants as arrays, with list price and cost at home; of another market
    only those sold there, with what they cost there. No query once cached by version; read-only.
    """
    if not market or market == home_market():
        return _arrays.get("", _load)
    return _arrays.get(market, lambda: _take_sold(load_variant_arrays(), market))


def _take_sold(home: VariantArrays, market: str) -> VariantArrays:
    """Return the variants that have a list price in a market, priced there. One query."""
    priced = ListPrice.objects.filter(market_id=market).order_by("variant_id")
    rows = list(priced.values_list("variant_id", "amount_minor", "cost_minor"))
    ids, amounts, costs = list(zip(*rows, strict=True)) if rows else [()] * 3
    sold = np.isin(home.variant_id, np.array(ids, dtype=np.int64))
    kept = np.isin(np.array(ids, dtype=np.int64), home.variant_id)
    known = np.array([-1 if cost is None else cost for cost in costs], dtype=np.int64)[kept]
    if _has_currency_of_home(market):
        known = np.where(known < 0, home.cost_minor[sold], known)
    columns = {field.name: getattr(home, field.name)[sold] for field in fields(VariantArrays)}
    columns["list_minor"], columns["cost_minor"] = np.array(amounts, dtype=np.int64)[kept], known
    return VariantArrays(**{name: _freeze(column) for name, column in columns.items()})


def _has_currency_of_home(market: str) -> bool:
    return get_market(market).currency == get_market(home_market()).currency


def _load() -> VariantArrays:
    with connection.cursor() as cursor:
        cursor.execute(QUESTION)
        rows = cursor.fetchall()
    columns = list(zip(*rows, strict=True)) if rows else [()] * 14
    units = {unit: index for index, unit in enumerate(MEASURE_UNITS)}
    whole = [_freeze(np.array(column, dtype=np.int64)) for column in columns[:7]]
    return VariantArrays(
        variant_id=whole[0],
        product_id=whole[1],
        category_id=whole[2],
        department_id=whole[3],
        brand_id=whole[4],
        list_minor=whole[5],
        cost_minor=whole[6],
        restricted=_freeze(np.array(columns[7], dtype=np.bool_)),
        child_directed=_freeze(np.array(columns[8], dtype=np.bool_)),
        sensitive=_freeze(np.array(columns[9], dtype=np.bool_)),
        popularity=_freeze(np.array(columns[10], dtype=np.float64)),
        sku=_freeze(np.array(columns[11], dtype=np.str_)),
        measure_amount=_freeze(np.array(columns[12], dtype=np.float64)),
        measure_unit=_freeze(np.array([units[unit] for unit in columns[13]], dtype=np.int8)),
    )


def load_sensitive_ids() -> SensitiveIds:
    """Return the ids of sensitive goods. No query once cached by version, one otherwise."""
    return _sensitive.get("all", _load_sensitive)


def list_never_personal() -> frozenset[int]:
    """Return the variants that nothing personal is offered on, as `VariantArrays.never_personal`
    has it, those no longer sold among them: for who asks about a few, not about arrays.

    No query once cached by version, one otherwise.
    """
    return _never_personal.get("all", lambda: _load_ids(NEVER_PERSONAL))


def list_age_limited() -> frozenset[int]:
    """Return the variants that ask for an age, by their product or category, those no longer sold
    among them. No query once cached by version, one otherwise.
    """
    return _age_limited.get("all", lambda: _load_ids(AGE_LIMITED))


def list_families() -> Mapping[int, tuple[int, ...]]:
    """Return all active variants of the product by variant, of products that have several, in the
    order they are to be shown. No query once cached by version, one otherwise.
    """
    return _families.get("all", _find_families)


def _find_families() -> Mapping[int, tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(FAMILIES)
        found = [tuple(members) for (members,) in cursor.fetchall()]
    return {one: members for members in found for one in members}


def list_bulk_variants() -> frozenset[int]:
    """Return the active variants of categories whose liquids mostly come by the pint or more.

    No query once the arrays are cached.
    """
    return _bulk.get("all", _find_bulk)


def _find_bulk() -> frozenset[int]:
    arrays = load_variant_arrays()
    is_liquid = arrays.measure_unit == MEASURE_UNITS.index("ml")
    category, amount = arrays.category_id[is_liquid], arrays.measure_amount[is_liquid]
    order = np.lexsort((amount, category))
    leaves, start, count = np.unique(category[order], return_index=True, return_counts=True)
    middle = amount[order][start + count // 2]
    is_bulk = np.isin(arrays.category_id, leaves[middle >= BULK_MILLILITERS])
    return frozenset(arrays.variant_id[is_bulk].tolist())


def _load_sensitive() -> SensitiveIds:
    with connection.cursor() as cursor:
        cursor.execute(SENSITIVE)
        categories, variants = cursor.fetchone()
    return SensitiveIds(
        category_id=_freeze(np.array(categories, dtype=np.int64)),
        variant_id=_freeze(np.array(variants, dtype=np.int64)),
    )


def _load_ids(question: str) -> frozenset[int]:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return frozenset(pk for (pk,) in cursor.fetchall())


def _freeze[Array: NDArray[Any]](array: Array) -> Array:
    # Shared by all threads of the process: a caller that writes must copy first.
    array.flags.writeable = False
    return array


def load_placement_weeks(*, since: date) -> WeekArrays:
    """Return display and mailer shares by week from `since` on. One query."""
    rows = list(
        ProductWeek.objects.filter(week_start__gte=since)
        .order_by("variant_id", "week_start")
        .values_list("variant_id", "week_start", "display_share", "mailer_share")
    )
    columns = list(zip(*rows, strict=True)) if rows else [()] * 4
    return WeekArrays(
        variant_id=np.array(columns[0], dtype=np.int64),
        week_start=np.array(columns[1], dtype="datetime64[D]"),
        display_share=np.array(columns[2], dtype=np.float64),
        mailer_share=np.array(columns[3], dtype=np.float64),
    )


def map_external_refs() -> Mapping[str, int]:
    """Return variant id by the merchant's own reference, inactive ones too. One query."""
    return dict(Variant.objects.values_list("external_ref", "id"))
