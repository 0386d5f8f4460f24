"""A category and a search: the two listings of the shop, narrowed, sorted and cut into pages."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pricing.api import quote_listing
from shop.doors.pages.cards import build_cards, first_of_products, quote_context
from shop.doors.pages.context import PageContext
from shop.doors.pages.members import Visitor, add_offers, list_inside, offered_prices
from shop.doors.pages.values import (
    SORTS,
    CategoryPage,
    Listing,
    ListingQuery,
    ProductCard,
    SearchPage,
)
from shop.ground.catalog.core.values import CatalogFilters, CategoryListing
from shop.ground.catalog.selectors import (
    catalog_version,
    get_category,
    leave_out_limited,
    list_cards,
    list_categories,
    list_category_variants,
    list_families,
    list_search_facets,
    load_variant_arrays,
    search_variants,
)
from shop.ground.catalog.selectors.versions import VersionedCache

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
_allowed: VersionedCache[tuple[IntArray, int]] = VersionedCache(size=256)


def catalog_filters(query: ListingQuery) -> CatalogFilters:
    """Return the part of `query` that is the same for everybody."""
    return CatalogFilters(brand_ids=query.brands, sizes=query.sizes, in_stock=query.in_stock)


def build_listing(
    ctx: PageContext,
    listing: CategoryListing,
    query: ListingQuery,
    purpose: str,
    visitor: Visitor | None = None,
) -> Listing:
    """Return one page of `listing`, narrowed and sorted by what this shopper would pay.

    The popular order needs no prices beyond the page itself; the others price the whole list in
    one array call that stores nothing, and of it what offers lower.
    """
    visitor = visitor or Visitor(ctx)
    fit = arrange(ctx, listing.variant_ids, query, visitor)
    among = frozenset(fit.tolist()) if _is_narrowed(query) else None
    ids = first_of_products(fit)
    pages = max(1, -(-len(ids) // query.limit))
    page = min(max(1, query.page), pages)
    shown = ids[(page - 1) * query.limit : page * query.limit].tolist()
    return Listing(
        cards=add_offers(ctx, build_cards(ctx, shown, purpose, among), visitor),
        facets=listing.facets,
        query=replace(query, page=page),
        total=len(ids),
        page=page,
        pages=pages,
    )


def _is_narrowed(query: ListingQuery) -> bool:
    """Return whether some variants of a product may be left out while others of it are shown."""
    is_bounded = query.price_min is not None or query.price_max is not None
    return bool(query.sizes) or query.in_stock or is_bounded


def arrange(
    ctx: PageContext, ids: IntArray, query: ListingQuery, visitor: Visitor | None = None
) -> IntArray:
    """Return `ids` inside the price bounds of `query`, in its order; ties keep popularity.

    A price is what one piece costs in the cart, as the card shows it.
    """
    sort = query.sort if query.sort in SORTS else "popular"
    is_bounded = query.price_min is not None or query.price_max is not None
    if not len(ids) or (sort == "popular" and not is_bounded):
        return ids
    if sort == "name" and not is_bounded:
        return ids[np.argsort(_name_ranks(ctx, ids), kind="stable")]
    quoted = quote_listing(context=quote_context(ctx, "listing"), variant_ids=ids)
    prices = offered_prices(ctx, ids, quoted, visitor or Visitor(ctx))
    kept = _inside(prices, query)
    ids, prices = ids[kept], prices[kept]
    if sort == "popular":
        return ids
    return ids[np.argsort(_sort_keys(ctx, ids, prices, sort), kind="stable")]


def _inside(prices: IntArray, query: ListingQuery) -> NDArray[np.bool_]:
    kept = np.ones(len(prices), dtype=bool)
    if query.price_min is not None:
        kept &= prices >= query.price_min
    if query.price_max is not None:
        kept &= prices <= query.price_max
    return kept


def _sort_keys(
    ctx: PageContext, ids: IntArray, prices: IntArray, sort: str
) -> IntArray | FloatArray:
    if sort == "price":
        return prices
    if sort == "price_high":
        return -prices
    if sort == "name":
        return _name_ranks(ctx, ids)
    return _per_unit(ctx, ids, prices)


def _per_unit(ctx: PageContext, ids: IntArray, prices: IntArray) -> FloatArray:
    """Return minor units per gram, millilitre or piece; unknown measures sort last."""
    measures = _sort_table(ctx, ids)[1]
    with np.errstate(divide="ignore"):
        return np.where(measures > 0, prices / measures, np.inf)


def _name_ranks(ctx: PageContext, ids: IntArray) -> IntArray:
    return _sort_table(ctx, ids)[0]


def _sort_table(ctx: PageContext, ids: IntArray) -> tuple[IntArray, FloatArray]:
    return _read_sort_table(ids.tobytes(), ctx.language, catalog_version())


@lru_cache(maxsize=64)
def _read_sort_table(packed_ids: bytes, language: str, version: int) -> tuple[IntArray, FloatArray]:
    """Return (name rank, measure) of variants. The catalogue's version keys the memory of it."""
    ids = np.frombuffer(packed_ids, dtype=np.int64).tolist()
    cards = {card.variant_id: card for card in list_cards(ids, language)}
    families = list_families()
    names = ["\U0010ffff"] * len(ids)
    for at, card in enumerate(map(cards.get, ids)):
        if card is not None:  # as cards write it: a product of several variants without its size
            shown = card.product_title if card.variant_id in families else card.title
            names[at] = shown.casefold()
    ranks = np.empty(len(ids), dtype=np.int64)
    ranks[np.argsort(np.array(names), kind="stable")] = np.arange(len(ids))
    measures = [float(cards[i].measure_amount or 0) if i in cards else 0.0 for i in ids]
    return ranks, np.array(measures)


POPULAR_ON_EMPTY = 12
# So many variants of one product may stand beside each other among the most popular.
MOST_VARIANTS = 12


def category(
    ctx: PageContext,
    path: str,
    query: ListingQuery,
    visitor: Visitor | None = None,
    *,
    confirmed_age: int | None = None,
) -> CategoryPage:
    """Return a category with one page of its products. Raises CategoryNotFound.

    The order is the same for everybody unless the shopper asks to sort by the own price.
    What asks for a higher age than `confirmed_age` is neither shown nor counted; None: all is.
    """
    tree = list_categories(ctx.language, ctx.market)
    node = get_category(path, ctx.language, ctx.market)
    filters, hidden_age = catalog_filters(query), 0
    if confirmed_age is not None:
        ids, hidden_age = _list_allowed(node.category_id, ctx.market, confirmed_age)
    if hidden_age:
        listing = list_search_facets(ids, filters, market=ctx.market)
    else:
        listing = list_category_variants(node.category_id, filters, market=ctx.market)
    return CategoryPage(
        category=node,
        trail=tree.trail(node.category_id),
        children=tuple(tree.nodes[child] for child in node.children),
        listing=build_listing(ctx, listing, query, "category", visitor),
        hidden_age=hidden_age,
    )


def _list_allowed(category_id: int, market: str, confirmed_age: int) -> tuple[IntArray, int]:
    """Return what `leave_out_limited` leaves of a category. No query once cached by version."""
    key = (category_id, market, confirmed_age)
    return _allowed.get(
        key,
        lambda: leave_out_limited(
            list_category_variants(category_id, market=market).variant_ids, market, confirmed_age
        ),
    )


def search(
    ctx: PageContext,
    words: str,
    query: ListingQuery,
    visitor: Visitor | None = None,
    *,
    inside: str = "",
    confirmed_age: int | None = None,
) -> SearchPage:
    """Return what matches `words`; with no match popular products: no dead ends.

    `inside` is the path of a category to search in; one that is not there is the whole shop.
    What asks for a higher age than `confirmed_age` is neither shown nor counted; None: all is.
    """
    words = " ".join(words.split())[:120]
    found = search_variants(words, ctx.language)
    tree, ids = list_categories(ctx.language, ctx.market), found.variant_ids
    node = tree.nodes[tree.by_path[inside]] if inside in tree.by_path else None
    if node is not None:
        ids = ids[np.isin(ids, list_inside(node.category_id, ctx.market, catalog_version()))]
    hidden_age = 0
    if confirmed_age is not None:
        ids, hidden_age = leave_out_limited(ids, ctx.market, confirmed_age)
    listing = list_search_facets(ids, catalog_filters(query), market=ctx.market)
    visitor = visitor or Visitor(ctx)
    built = build_listing(ctx, listing, query, "search", visitor)
    built = replace(built, is_cut=found.is_cut)
    popular: tuple[ProductCard, ...] = ()
    if not built.total:
        popular = add_offers(ctx, build_cards(ctx, list_popular(ctx.market), "search"), visitor)
    return SearchPage(
        words=words,
        corrected=found.corrected_query,
        suggestions=found.suggestions,
        listing=built,
        popular=popular,
        inside=node,
        hidden_age=hidden_age,
    )


def list_popular(market: str, limit: int = POPULAR_ON_EMPTY) -> list[int]:
    """Return what a market buys most, nothing restricted or sensitive. No query once cached."""
    arrays = load_variant_arrays(market)
    free = ~arrays.never_picked
    order = (-arrays.popularity[free]).argsort(kind="stable")[: limit * MOST_VARIANTS]
    return [int(i) for i in first_of_products(arrays.variant_id[free][order])[:limit]]
