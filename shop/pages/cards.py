"""Product cards: catalogue and this shopper's price, joined once per page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pricing.core.values import PriceView, QuoteContext
from pricing.services import quote_variants
from shop.catalog.core.values import CatalogCard
from shop.catalog.selectors import list_cards
from shop.pages.context import PageContext
from shop.pages.values import ProductCard

# What shows prices to choose from. The cart shows what was chosen, sorting shows nothing.
SHOWING = frozenset({"home", "category", "search", "offer", "product", "api"})


def quote_context(ctx: PageContext, purpose: str) -> QuoteContext:
    """Return what pricing may know about the visit; `purpose` is kept with each quote."""
    return QuoteContext(
        shopper_pseudonym=ctx.shopper_pseudonym,
        market=ctx.market,
        channel=ctx.channel,
        jurisdiction_code=ctx.jurisdiction_code,
        language=ctx.language,
        gpc=ctx.gpc,
        now=ctx.now,
        purpose=purpose,
        is_look=ctx.is_counted and purpose in SHOWING,
    )


def quote_page(ctx: PageContext, variant_ids: Sequence[int], purpose: str) -> dict[int, PriceView]:
    """Return prices by variant id; one call, so that a page is priced at one instant."""
    if not variant_ids:
        return {}
    return quote_variants(
        context=quote_context(ctx, purpose), variant_ids=list(dict.fromkeys(variant_ids))
    ).prices


def build_cards(
    ctx: PageContext, variant_ids: Sequence[int], purpose: str
) -> tuple[ProductCard, ...]:
    """Return cards in the order asked; variants without a price or product are left out."""
    prices = quote_page(ctx, variant_ids, purpose)
    return join_cards(list_cards(variant_ids, ctx.language), prices)


def join_cards(
    cards: Iterable[CatalogCard], prices: dict[int, PriceView]
) -> tuple[ProductCard, ...]:
    """Return the cards that have a price, in their order."""
    return tuple(
        ProductCard(card=card, price=prices[card.variant_id])
        for card in cards
        if card.variant_id in prices
    )
