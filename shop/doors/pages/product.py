"""A product with all its sizes, each at this shopper's price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from orders.returns.api import describe_returns
from orders.terms.api import list_delivery_options
from orders.values import DeliveryOption
from pricing.base.core.values import PriceView
from profiles.recommend.api import list_bought_together
from promotions.loyalty.api import preview_points
from promotions.offers.api import Previews
from shop.doors.pages.cards import first_of_products, join_cards, quote_page
from shop.doors.pages.context import PageContext
from shop.doors.pages.members import (
    Visitor,
    hold_prices,
    join_offers,
    mark_own,
    paid_minor,
    preview_cards,
)
from shop.doors.pages.values import OptionChoice, OptionValue, ProductCard, ProductPage
from shop.doors.pages.viewed import choose_viewed
from shop.ground.catalog.core.values import CatalogCard, ProductDetail
from shop.ground.catalog.selectors import (
    ProductNotFound,
    catalog_version,
    get_product,
    list_cards,
    list_stocked_variants,
)

RELATED = 6


def product(
    ctx: PageContext, slug: str, visitor: Visitor | None = None, *, variant_id: int | None = None
) -> ProductPage:
    """Return a product page; one query for its cards once the product is in memory.

    It shows the variant that is asked for, else the first that is in stock. Related products are
    not personal. Raises ProductNotFound, also for a product that is no longer
    sold and so has no price.
    """
    detail = _remember_product(slug, ctx.language, catalog_version())
    own = [card.variant_id for card in detail.variants]
    related = _related_ids(detail.card.category_id, frozenset(own), ctx.market)
    together = _together_ids(own, frozenset(related), ctx.market)
    visitor = visitor or Visitor(ctx)
    viewed = _viewed_ids(ctx, visitor, frozenset((*own, *related, *together)))
    ids = [*own, *related, *together, *viewed]
    prices = hold_prices(quote_page(ctx, ids, "product"), visitor)
    cards = {card.variant_id: card for card in list_cards(ids, ctx.language)}
    stocked = _show(_restock(detail, cards), prices, variant_id)
    price = prices.get(stocked.card.variant_id)
    if price is None:
        raise ProductNotFound("This product is no longer sold.", slug=slug)
    previews = preview_cards(ctx, list(cards.values()), prices, visitor)
    paid = paid_minor(price, previews.mine.get(stocked.card.variant_id))
    return ProductPage(
        detail=stocked,
        price=price,
        delivery=_list_delivery(ctx, stocked, price),
        previews=previews,
        earns=_earns(ctx, stocked, paid, visitor),
        choices=list_choices(stocked, prices),
        prices=prices,
        returns=_describe_returns(ctx, detail.card),
        related=mark_own(_join(related, cards, prices, previews), visitor),
        together=mark_own(_join(together, cards, prices, previews), visitor),
        viewed=mark_own(_join(viewed, cards, prices, previews), visitor),
    )


def _describe_returns(ctx: PageContext, card: CatalogCard) -> str:
    return describe_returns(
        category_path=card.category_path, language=ctx.language, is_perishable=card.is_perishable
    )


def _list_delivery(
    ctx: PageContext, detail: ProductDetail, price: PriceView
) -> tuple[DeliveryOption, ...]:
    """Return what each way of delivery costs for one piece alone; nothing where it is sold out:
    what cannot be bought is promised for no day."""
    if detail.card.available <= 0:
        return ()
    return list_delivery_options(
        market_code=ctx.market,
        day=ctx.now.date(),
        goods_minor=price.public_minor,
        language=ctx.language,
        is_restricted=detail.is_restricted,
    )


def _join(
    variant_ids: Sequence[int],
    cards: Mapping[int, CatalogCard],
    prices: dict[int, PriceView],
    previews: Previews,
) -> tuple[ProductCard, ...]:
    return join_offers(join_cards([cards[i] for i in variant_ids if i in cards], prices), previews)


@lru_cache(maxsize=4096)
def _remember_product(slug: str, language: str, version: int) -> ProductDetail:
    """Return a product as the catalogue has it; its `version` keys the memory of it."""
    return get_product(slug, language)


def _restock(detail: ProductDetail, cards: Mapping[int, CatalogCard]) -> ProductDetail:
    """Return the product with stock as of now: the one thing that moves without a new version."""
    return replace(
        detail,
        card=cards.get(detail.card.variant_id, detail.card),
        variants=tuple(cards.get(card.variant_id, card) for card in detail.variants),
    )


def _show(
    detail: ProductDetail, prices: Mapping[int, PriceView], variant_id: int | None
) -> ProductDetail:
    """Return the product with the card of the variant to show: one that is sold."""
    sold = [card for card in detail.variants if card.variant_id in prices]
    asked = (card for card in sold if card.variant_id == variant_id)
    stocked = (card for card in sold if card.available > 0)
    chosen = next(asked, None) or next(stocked, None) or next(iter(sold), detail.card)
    return replace(detail, card=chosen)


def list_choices(
    detail: ProductDetail, prices: Mapping[int, PriceView]
) -> tuple[OptionChoice, ...]:
    """Return the options of a product of several variants, each value with where it leads.

    A value leads to the variant that differs in nothing else, or in as little as there is; what is
    in stock goes before what is not.
    """
    sold = [card for card in detail.variants if card.variant_id in prices and card.options]
    if len(sold) < 2:
        return ()
    if all(card.measure_amount for card in sold):
        sold.sort(key=lambda card: (card.measure_unit, card.measure_amount or 0))
    shown = dict(detail.card.options)
    names = dict.fromkeys(name for card in sold for name, _value in card.options)
    return tuple(OptionChoice(name, _list_values(name, sold, shown)) for name in names)


def _list_values(
    name: str, sold: Sequence[CatalogCard], shown: Mapping[str, str]
) -> tuple[OptionValue, ...]:
    values = dict.fromkeys(dict(card.options).get(name, "") for card in sold)
    found = []
    for value in filter(None, values):
        wanted = {**shown, name: value}
        fit = [card for card in sold if dict(card.options).get(name) == value]
        nearest = max(
            fit,
            key=lambda card: (
                sum(wanted.get(option) == chosen for option, chosen in card.options),
                card.available > 0,
            ),
        )
        found.append(
            OptionValue(value, nearest.variant_id, shown.get(name) == value, nearest.available > 0)
        )
    return tuple(found)


def _earns(ctx: PageContext, detail: ProductDetail, quoted_minor: int, visitor: Visitor) -> int:
    """Return what a piece of a product earns this shopper, by their tier; 0 without a programme.

    No query for who is not signed in or where no tier earns more; else three, once for the page.
    """
    if detail.is_restricted:
        return 0
    return preview_points(
        market_code=ctx.market,
        minor=quoted_minor,
        category_ids=tuple(node.category_id for node in detail.breadcrumbs),
        now=ctx.now,
        find_tier=visitor.read_tier,
    )


def _together_ids(own: Sequence[int], related: frozenset[int], market: str) -> list[int]:
    """Return what buyers of the product buy as well, each product once."""
    head = list_bought_together(own, 5 * RELATED, market=market)
    first = first_of_products(np.array(head, dtype=np.int64)).tolist()
    return [i for i in first if i not in related][:RELATED]


def _viewed_ids(ctx: PageContext, visitor: Visitor, shown: frozenset[int]) -> list[int]:
    """Return what the visitor looked at lately, without what the page shows anyway."""
    shopper = visitor.find()
    return [] if shopper is None else choose_viewed(ctx, shopper.id, shopper.consents, shown)


def _related_ids(category_id: int, own: frozenset[int], market: str) -> list[int]:
    several = 5 * RELATED + len(own)  # of each product the first only
    head = list_stocked_variants(category_id, several, market=market)
    head = first_of_products(np.array(head, dtype=np.int64)).tolist()
    return [i for i in head if i not in own][:RELATED]
