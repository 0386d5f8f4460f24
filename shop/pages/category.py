"""A category and a search: the two listings of the shop."""

from __future__ import annotations

from dataclasses import replace

from shop.catalog.selectors import (
    get_category,
    list_categories,
    list_category_variants,
    list_search_facets,
    load_variant_arrays,
    search_variants,
)
from shop.pages.cards import build_cards
from shop.pages.context import PageContext
from shop.pages.listing import build_listing, catalog_filters
from shop.pages.members import Visitor
from shop.pages.previews import add_offers
from shop.pages.values import CategoryPage, ListingQuery, ProductCard, SearchPage

POPULAR_ON_EMPTY = 12


def category(
    ctx: PageContext, path: str, query: ListingQuery, visitor: Visitor | None = None
) -> CategoryPage:
    """Return a category with one page of its products. Raises CategoryNotFound.

    The order is the same for everybody unless the shopper asks to sort by the own price.
    """
    tree = list_categories(ctx.language, ctx.market)
    node = get_category(path, ctx.language, ctx.market)
    listing = list_category_variants(node.category_id, catalog_filters(query), market=ctx.market)
    return CategoryPage(
        category=node,
        trail=tree.trail(node.category_id),
        children=tuple(tree.nodes[child] for child in node.children),
        listing=build_listing(ctx, listing, query, "category", visitor),
    )


def search(
    ctx: PageContext, words: str, query: ListingQuery, visitor: Visitor | None = None
) -> SearchPage:
    """Return what matches `words`; with no match popular products: no dead ends."""
    words = " ".join(words.split())[:120]
    found = search_variants(words, ctx.language)
    listing = list_search_facets(
        found.variant_ids.tolist(), catalog_filters(query), market=ctx.market
    )
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
    )


def list_popular(market: str, limit: int = POPULAR_ON_EMPTY) -> list[int]:
    """Return what a market buys most, nothing restricted or sensitive. No query once cached."""
    arrays = load_variant_arrays(market)
    free = ~arrays.never_picked
    order = (-arrays.popularity[free]).argsort(kind="stable")[:limit]
    return [int(i) for i in arrays.variant_id[free][order]]
