"""The variants of the catalogue as arrays, and the listings cut from them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from shop.ground.catalog.core.values import (
    MEASURE_UNITS,
    BoolArray,
    CatalogFilters,
    CategoryListing,
    Facet,
    FacetOption,
    IntArray,
    SensitiveIds,
    VariantArrays,
    WeekArrays,
)
from shop.ground.catalog.models import Brand, ListPrice, ProductWeek, Variant
from shop.ground.catalog.selectors.families import list_families
from shop.ground.catalog.selectors.markets import get_market, home_market
from shop.ground.catalog.selectors.tree import list_categories
from shop.ground.catalog.selectors.versions import VersionedCache

_arrays: VersionedCache[VariantArrays] = VersionedCache(size=16)
_sensitive: VersionedCache[SensitiveIds] = VersionedCache(size=1)
_open_to_all: VersionedCache[frozenset[int]] = VersionedCache(size=16)
_bulk: VersionedCache[frozenset[int]] = VersionedCache(size=1)
# Products of a category are compared by the pound or quart if half of them hold so much or more: a
# quarter pound, a US pint.
BULK = {"g": 113.0, "ml": 473.0}
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
# Products no longer sold count, too: their events are still there.
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


def take_open_variants(variant_ids: IntArray) -> VariantArrays:
    """Return those of the variants that may have a personal price, ascending: of the arrays their
    ids, products, categories and brands, the others whole."""
    arrays, wanted = load_variant_arrays(), np.unique(variant_ids)
    at = np.searchsorted(arrays.variant_id, wanted)
    at = at[at < len(arrays.variant_id)]
    at = at[arrays.variant_id[at] == wanted[: len(at)]]
    at = at[~arrays.never_personal[at]]
    return replace(
        arrays,
        variant_id=arrays.variant_id[at],
        product_id=arrays.product_id[at],
        category_id=arrays.category_id[at],
        brand_id=arrays.brand_id[at],
    )


def load_sensitive_ids() -> SensitiveIds:
    """Return the ids of sensitive products. No query once cached by version, one otherwise."""
    return _sensitive.get("all", _load_sensitive)


def list_never_personal() -> frozenset[int]:
    """Return the variants that nothing personal is offered on, as `VariantArrays.never_personal`
    has it, those no longer sold among them: for who asks about a few, not about arrays.

    No query once cached by version, one otherwise.
    """
    return _never_personal.get("all", _load_never_personal)


def list_open_to_all(market: str = "") -> frozenset[int]:
    """Return the active variants of a market that anybody may be shown unasked: none restricted or
    sensitive. No query once the arrays are cached."""

    def find() -> frozenset[int]:
        arrays = load_variant_arrays(market)
        return frozenset(arrays.variant_id[~arrays.never_picked].tolist())

    return _open_to_all.get(market, find)


def list_bulk_variants() -> frozenset[int]:
    """Return the active variants of categories that mostly sell solids by the quarter pound or
    more, and liquids by the pint.

    No query once the arrays are cached.
    """
    return _bulk.get("all", _find_bulk)


def _find_bulk() -> frozenset[int]:
    arrays = load_variant_arrays()
    found: set[int] = set()
    for unit, least in BULK.items():
        is_fit = arrays.measure_unit == MEASURE_UNITS.index(unit)
        category, amount = arrays.category_id[is_fit], arrays.measure_amount[is_fit]
        order = np.lexsort((amount, category))
        leaves, start, count = np.unique(category[order], return_index=True, return_counts=True)
        middle = amount[order][start + count // 2]
        is_bulk = is_fit & np.isin(arrays.category_id, leaves[middle >= least])
        found.update(arrays.variant_id[is_bulk].tolist())
    return frozenset(found)


def _load_sensitive() -> SensitiveIds:
    with connection.cursor() as cursor:
        cursor.execute(SENSITIVE)
        categories, variants = cursor.fetchone()
    return SensitiveIds(
        category_id=_freeze(np.array(categories, dtype=np.int64)),
        variant_id=_freeze(np.array(variants, dtype=np.int64)),
    )


def _load_never_personal() -> frozenset[int]:
    with connection.cursor() as cursor:
        cursor.execute(NEVER_PERSONAL)
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


class VariantTaxonomy(NamedTuple):
    """Where a variant stands: its categories from department to leaf, its brand, its product."""

    category_ids: tuple[int, ...] = ()
    brand_id: int = 0
    product_id: int = 0


def find_places(variant_ids: Sequence[int]) -> dict[int, VariantTaxonomy]:
    """Return where each variant stands; nowhere if it is not on sale. No query."""
    arrays, tree = load_variant_arrays(), list_categories("en")
    wanted = np.array(list(variant_ids), dtype=np.int64)
    at = np.searchsorted(arrays.variant_id, wanted)
    at[at == len(arrays.variant_id)] = 0
    is_there = arrays.variant_id[at] == wanted if len(arrays.variant_id) else wanted < 0
    trails: dict[int, tuple[int, ...]] = {}
    found = dict.fromkeys(wanted.tolist(), VariantTaxonomy())
    columns = (arrays.category_id, arrays.brand_id, arrays.product_id)
    values = (column[at[is_there]].tolist() for column in columns)
    for one, category_id, brand_id, product_id in zip(
        wanted[is_there].tolist(), *values, strict=True
    ):
        if category_id not in trails:
            trails[category_id] = tuple(node.category_id for node in tree.trail(category_id))
        found[one] = VariantTaxonomy(trails[category_id], brand_id, product_id)
    return found


BRAND_OPTIONS = 24
SIZE_OPTIONS = 16
# Stock changes with every sale and has no version: what is sold out may be this old in a facet.
SOLD_OUT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class _Shelf:
    """All active variants, most popular first, with what facets count."""

    variant_id: IntArray
    product_id: IntArray
    category_id: IntArray
    brand_id: IntArray
    size: IntArray
    size_labels: tuple[str, ...]
    brand_names: dict[int, str]
    by_id: IntArray


class _SoldOut:
    def __init__(self) -> None:
        self.variant_ids: IntArray = np.zeros(0, dtype=np.int64)
        self.lookup: frozenset[int] = frozenset()
        self.read_at = float("-inf")


_shelves: VersionedCache[_Shelf] = VersionedCache(size=16)
_members: VersionedCache[IntArray] = VersionedCache(size=512)
_listings: VersionedCache[CategoryListing] = VersionedCache(size=1024)
_found: VersionedCache[CategoryListing] = VersionedCache(size=256)
_sold_out = _SoldOut()


def list_category_variants(
    category_id: int, filters: CatalogFilters | None = None, *, market: str = ""
) -> CategoryListing:
    """Return what a market (home by default) sells at or below a category, most popular first, with
    facets.

    No query once cached by catalogue version, except that `in_stock` reads what is sold out, at
    most every two seconds per process.
    """
    chosen = filters or CatalogFilters()
    if chosen.in_stock:
        return _narrow(_list_members(category_id, market), chosen, market)
    return _listings.get(
        (category_id, chosen, market),
        lambda: _narrow(_list_members(category_id, market), chosen, market),
    )


def list_stocked_variants(
    category_id: int, limit: int | None = None, *, market: str = ""
) -> list[int]:
    """Return the `limit` most popular variants (None: all) at or below a category that are not sold
    out.

    What `list_category_variants` would begin with, without counting facets that nobody sees: no
    query beyond what is sold out, at most every two seconds per process.
    """
    shelf = _get_shelf(market)
    list_sold_out()
    sold_out = _sold_out.lookup
    last = None if limit is None else limit + len(sold_out)
    members = shelf.variant_id[_list_members(category_id, market)[:last]].tolist()
    return [one for one in members if one not in sold_out][:limit]


def list_search_facets(
    variant_ids: Sequence[int] | IntArray,
    filters: CatalogFilters | None = None,
    *,
    market: str = "",
) -> CategoryListing:
    """Return any list of variants (search results) narrowed and with facets, order kept.

    Variants that the market does not sell are left out. Cached arrays; no query beyond that, except
    that `in_stock` reads what is sold out, at most every two seconds per process.
    """
    shelf, wanted = _get_shelf(market), np.asarray(variant_ids, dtype=np.int64)
    rows: IntArray = np.zeros(0, dtype=np.int64)
    if len(shelf.by_id):
        at = np.searchsorted(shelf.variant_id, wanted, sorter=shelf.by_id)
        rows = shelf.by_id[np.minimum(at, len(shelf.by_id) - 1)]
        rows = rows[shelf.variant_id[rows] == wanted]
    chosen = filters or CatalogFilters()
    if chosen.in_stock:
        return _narrow(rows, chosen, market)
    key = (rows.tobytes(), chosen, market)
    return _found.get(key, lambda: _narrow(rows, chosen, market))


def _list_members(category_id: int, market: str) -> IntArray:
    def build() -> IntArray:
        below = list(list_categories("en").below(category_id))
        shelf = _get_shelf(market)
        return np.flatnonzero(np.isin(shelf.category_id, below)).astype(np.int64)

    return _members.get((category_id, market), build)


def _get_shelf(market: str) -> _Shelf:
    return _shelves.get(market, lambda: _load_shelf(market))


def _load_shelf(market: str) -> _Shelf:
    """Two queries: variants' size labels and brand names."""
    arrays = load_variant_arrays(market)
    # Within a product as its variants are to be shown.
    ranks = {one: rank for family in list_families().values() for rank, one in enumerate(family)}
    rank = np.array([ranks.get(int(pk), 0) for pk in arrays.variant_id], dtype=np.int64)
    order = np.lexsort((rank, arrays.product_id, -arrays.popularity))
    variant_id = arrays.variant_id[order]
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name FROM shop_variant WHERE is_active")
        labels = dict(cursor.fetchall())
    names = np.array([labels.get(int(pk), "") for pk in variant_id], dtype=np.str_)
    size_labels, size = np.unique(names, return_inverse=True)
    return _Shelf(
        variant_id=variant_id,
        product_id=arrays.product_id[order],
        category_id=arrays.category_id[order],
        brand_id=arrays.brand_id[order],
        size=size.astype(np.int64),
        size_labels=tuple(size_labels.tolist()),
        brand_names=dict(Brand.objects.values_list("id", "name")),
        by_id=np.argsort(variant_id),
    )


def _narrow(rows: IntArray, filters: CatalogFilters, market: str) -> CategoryListing:
    """Narrow `rows` of the shelf. Each facet counts under the choices made in the others."""
    shelf = _get_shelf(market)
    keeps = {
        "brand": _keep_brands(shelf, rows, filters),
        "size": _keep_sizes(shelf, rows, filters),
        "stock": _keep_stocked(shelf, rows) if filters.in_stock else np.ones(len(rows), np.bool_),
    }
    kept = rows[keeps["brand"] & keeps["size"] & keeps["stock"]]
    facets = (
        _count_brands(shelf, rows[keeps["size"] & keeps["stock"]], filters),
        _count_sizes(shelf, rows[keeps["brand"] & keeps["stock"]], filters),
    )
    return CategoryListing(
        variant_ids=shelf.variant_id[kept], facets=tuple(f for f in facets if f.options)
    )


def _keep_brands(shelf: _Shelf, rows: IntArray, filters: CatalogFilters) -> BoolArray:
    if not filters.brand_ids:
        return np.ones(len(rows), dtype=np.bool_)
    return np.isin(shelf.brand_id[rows], list(filters.brand_ids))


def _keep_sizes(shelf: _Shelf, rows: IntArray, filters: CatalogFilters) -> BoolArray:
    if not filters.sizes:
        return np.ones(len(rows), dtype=np.bool_)
    chosen = [i for i, label in enumerate(shelf.size_labels) if label in filters.sizes]
    return np.isin(shelf.size[rows], chosen)


def _keep_stocked(shelf: _Shelf, rows: IntArray) -> BoolArray:
    return ~np.isin(shelf.variant_id[rows], list_sold_out())


def list_sold_out() -> IntArray:
    """Return the variants of which nothing is left, as of two seconds ago at most. One query then,
    none in between."""
    now = time.monotonic()
    if now - _sold_out.read_at > SOLD_OUT_SECONDS:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT s.variant_id FROM shop_stockrecord s JOIN shop_stocklocation l"
                " ON l.id = s.location_id WHERE l.code = 'online' AND s.reserved = s.on_hand"
            )
            rows = cursor.fetchall()
        _sold_out.lookup = frozenset(row[0] for row in rows)
        _sold_out.variant_ids = np.array([row[0] for row in rows], dtype=np.int64)
        _sold_out.read_at = now
    return _sold_out.variant_ids


def _count_brands(shelf: _Shelf, rows: IntArray, filters: CatalogFilters) -> Facet:
    ids, counts = _count_products(shelf, rows, shelf.brand_id)
    options = (
        FacetOption(str(pk), shelf.brand_names.get(pk, ""), count, pk in filters.brand_ids)
        for pk, count in zip(ids.tolist(), counts.tolist(), strict=True)
    )
    return Facet("brand", _most(options, BRAND_OPTIONS))


def _count_sizes(shelf: _Shelf, rows: IntArray, filters: CatalogFilters) -> Facet:
    codes, counts = _count_products(shelf, rows, shelf.size)
    options = (
        FacetOption(label, label, count, label in filters.sizes)
        for code, count in zip(codes.tolist(), counts.tolist(), strict=True)
        if (label := shelf.size_labels[code])
    )
    return Facet("size", _most(options, SIZE_OPTIONS))


def _count_products(shelf: _Shelf, rows: IntArray, values: IntArray) -> tuple[IntArray, IntArray]:
    """Return each value there is and of how many products: a card shows all their variants."""
    room = int(shelf.product_id.max(initial=0)) + 1
    pairs = np.unique(values[rows] * room + shelf.product_id[rows])
    found, counts = np.unique(pairs // room, return_counts=True)
    return found, counts.astype(np.int64)


def _most(options: Iterable[FacetOption], limit: int) -> tuple[FacetOption, ...]:
    """Return what is chosen, then the most frequent, up to `limit`."""
    ordered = sorted(options, key=lambda o: (not o.is_selected, -o.count, o.label))
    return tuple(ordered[:limit])
