"""Product cards: catalogue and this shopper's price, joined once per page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pricing.core.values import PriceView
from pricing.services import quote_variants
from shop.catalog.core.values import CatalogCard
from shop.catalog.selectors import list_cards
from shop.pages.context import PageContext
from shop.pages.families import choose_shown
from shop.pages.quotes import quote_context
from shop.pages.values import ProductCard


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
    """Return cards in the order asked, one for each product; variants without a price or product
    are left out."""
    shown = choose_shown(ctx, variant_ids)
    prices = quote_page(ctx, shown.variant_ids, purpose)
    return shown.mark(join_cards(list_cards(shown.variant_ids, ctx.language), prices))


def join_cards(
    cards: Iterable[CatalogCard], prices: dict[int, PriceView]
) -> tuple[ProductCard, ...]:
    """Return the cards that have a price, in their order."""
    return tuple(
        ProductCard(card=card, price=prices[card.variant_id])
        for card in cards
        if card.variant_id in prices
    )
