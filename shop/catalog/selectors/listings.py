"""Listings with facets: whole categories and search results, narrowed by what a shopper chose."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from django.db import connection

from shop.catalog.core.values import (
    BoolArray,
    CatalogFilters,
    CategoryListing,
    Facet,
    FacetOption,
    IntArray,
)
from shop.catalog.models import Brand
from shop.catalog.selectors.arrays import load_variant_arrays
from shop.catalog.selectors.tree import list_categories
from shop.catalog.selectors.versions import VersionedCache

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
    position: dict[int, int]


class _SoldOut:
    def __init__(self) -> None:
        self.variant_ids: IntArray = np.zeros(0, dtype=np.int64)
        self.lookup: frozenset[int] = frozenset()
        self.read_at = float("-inf")


_shelves: VersionedCache[_Shelf] = VersionedCache(size=16)
_members: VersionedCache[IntArray] = VersionedCache(size=512)
_listings: VersionedCache[CategoryListing] = VersionedCache(size=1024)
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


def list_stocked_variants(category_id: int, limit: int, *, market: str = "") -> list[int]:
    """Return the `limit` most popular variants at or below a category that are not sold out.

    What `list_category_variants` would begin with, without counting facets that nobody sees: no
    query beyond what is sold out, at most every two seconds per process.
    """
    shelf = _get_shelf(market)
    _list_sold_out()
    sold_out = _sold_out.lookup
    members = shelf.variant_id[_list_members(category_id, market)[: limit + len(sold_out)]].tolist()
    return [one for one in members if one not in sold_out][:limit]


def list_search_facets(
    variant_ids: Sequence[int] | IntArray,
    filters: CatalogFilters | None = None,
    *,
    market: str = "",
) -> CategoryListing:
    """Return any list of variants (search results) narrowed and with facets, order kept.

    Variants that the market does not sell are left out. Cached arrays; no query beyond that.
    """
    shelf = _get_shelf(market)
    rows = [
        position
        for variant_id in variant_ids
        if (position := shelf.position.get(int(variant_id))) is not None
    ]
    return _narrow(np.array(rows, dtype=np.int64), filters or CatalogFilters(), market)


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
    order = np.argsort(-arrays.popularity, kind="stable")
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
        position={int(pk): row for row, pk in enumerate(variant_id)},
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
    return ~np.isin(shelf.variant_id[rows], _list_sold_out())


def _list_sold_out() -> IntArray:
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
