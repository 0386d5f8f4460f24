"""A product with all its sizes, each at this shopper's price."""

from __future__ import annotations

from orders.core.delivery import price_options
from orders.selectors.terms import load_terms
from shop.catalog.core.values import CatalogFilters
from shop.catalog.selectors import (
    ProductNotFound,
    get_product,
    list_cards,
    list_category_variants,
)
from shop.pages.cards import join_cards, quote_page
from shop.pages.context import PageContext
from shop.pages.values import ProductPage

RELATED = 6


def product(ctx: PageContext, slug: str) -> ProductPage:
    """Return a product page. Related products are not personal.

    Raises ProductNotFound, also for a product that is no longer sold and so has no price.
    """
    detail = get_product(slug, ctx.language)
    own = [card.variant_id for card in detail.variants]
    related = _related_ids(detail.card.category_id, frozenset(own))
    prices = quote_page(ctx, [*own, *related], "product")
    price = prices.get(detail.card.variant_id)
    if price is None:
        raise ProductNotFound("This product is no longer sold.", slug=slug)
    terms = load_terms(market_code=ctx.market, day=ctx.now.date())
    return ProductPage(
        detail=detail,
        price=price,
        delivery=price_options(terms.methods, price.quoted_minor, terms.taxes, ctx.language),
        prices=prices,
        siblings=detail.siblings,
        related=join_cards(list_cards(related, ctx.language), prices),
    )


def _related_ids(category_id: int, own: frozenset[int]) -> list[int]:
    listing = list_category_variants(category_id, CatalogFilters(in_stock=True))
    head = listing.variant_ids[: RELATED + len(own)].tolist()
    return [i for i in head if i not in own][:RELATED]
