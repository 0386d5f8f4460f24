"""Product cards: catalogue and this shopper's prices, joined once a page, a card a product."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from django.conf import settings

from pricing.api import ReadOnce, quote_listing, quote_variants
from pricing.base.core.values import PriceView, QuoteContext
from promotions.offers.api import PriceBlock, ProductFacts, build_price_block
from shop.doors.pages.context import PageContext
from shop.doors.pages.values import Choice, ProductCard, ProductPage
from shop.ground.catalog.core.values import CatalogCard, IntArray
from shop.ground.catalog.selectors import (
    get_market,
    list_age_limited,
    list_cards,
    list_families,
    list_never_personal,
    list_sized,
    list_sold_out,
    number_products,
    read_stock,
)

# What shows prices to choose from. The cart shows what was chosen, sorting shows nothing.
SHOWING = frozenset({"home", "category", "search", "offer", "product", "saved", "api"})


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


@dataclass(frozen=True, slots=True)
class Shown:
    """The variants to show, in order, and what they stand for; `of` says it of each asked for.

    `stock` is what there is of them where it was read to choose, `once` what was read of the
    shopper then; None: nothing was.
    """

    variant_ids: list[int]
    choices: Mapping[int, Choice] = field(default_factory=dict)
    of: Mapping[int, int] = field(default_factory=dict)
    stock: Mapping[int, int] | None = None
    once: ReadOnce | None = None

    def list_cards(self, language: str) -> list[CatalogCard]:
        """Return the cards of what is shown. One query where stock was not read to choose."""
        return list_cards(self.variant_ids, language, self.stock)

    def replace_all(self, variant_ids: Iterable[int]) -> list[int]:
        """Return what is shown of these, each once."""
        return list(dict.fromkeys(self.of.get(one, one) for one in variant_ids))

    def mark(self, cards: Iterable[ProductCard]) -> tuple[ProductCard, ...]:
        """Return the cards with what they stand for."""
        if not self.choices:
            return tuple(cards)
        return tuple(
            replace(item, choice=choice)
            if (choice := self.choices.get(item.card.variant_id))
            else item
            for item in cards
        )


def first_of_products(variant_ids: IntArray) -> IntArray:
    """Return the first variant of each product, order kept. No query once cached."""
    if not list_families():
        return variant_ids
    _, first = np.unique(number_products(variant_ids), return_index=True)
    return variant_ids[np.sort(first)]


def choose_shown(
    ctx: PageContext, variant_ids: Sequence[int], among: Collection[int] | None = None
) -> Shown:
    """Return which variant of each product to show: of sizes the first asked for, of other choices
    the cheapest for this shopper, if in stock. `among` is what passed the shopper's filters: no
    other is shown. No query where none has choices but sizes; else one, and prices of them, which
    nothing stores."""
    families, sized = list_families(), list_sized()
    if not any(one in families for one in variant_ids):
        return Shown(list(variant_ids))
    firsts = first_of_products(np.array(variant_ids, dtype=np.int64)).tolist()
    members = sorted({each for one in firsts if one not in sized for each in families.get(one, ())})
    whole = {each for one in firsts for each in families.get(one, (one,))}
    once = ReadOnce(sorted(whole)) if members else None
    prices = _price_each(ctx, members, once) if members else {}
    stock = read_stock(whole)
    gone = frozenset(list_sold_out().tolist() if sized.intersection(firsts) else ())
    shown: list[int] = []
    choices: dict[int, Choice] = {}
    of: dict[int, int] = {}
    for one in firsts:
        if one in sized:
            fit = [each for each in (one, *families[one]) if among is None or each in among]
            best = next((each for each in fit if each not in gone), one)
            shown.append(best)
            of |= dict.fromkeys(families[one], best)
            choices[best] = Choice(len(families[one]), is_from=False, available=0, is_size=True)
            continue
        sold = [each for each in families.get(one, ()) if each in prices]
        if len(sold) < 2:
            shown.append(sold[0] if sold else one)
            continue
        fit = [each for each in sold if among is None or each in among] or sold
        best = min(fit, key=lambda each: (stock.get(each, 0) <= 0, prices[each]))
        shown.append(best)
        of |= dict.fromkeys(families[one], best)
        choices[best] = Choice(
            count=len(sold),
            is_from=len({prices[each] for each in fit}) > 1,
            available=sum(stock.get(each, 0) for each in fit),
        )
    return Shown(shown, choices, of, stock, once)


def _price_each(ctx: PageContext, members: list[int], once: ReadOnce | None) -> dict[int, int]:
    """Return prices that nothing stores, by variant id."""
    ids = np.array(members, dtype=np.int64)
    context = quote_context(ctx, "listing")
    quoted = quote_listing(context=context, variant_ids=ids, once=once).tolist()
    return {one: price for one, price in zip(members, quoted, strict=True) if price}


def quote_page(
    ctx: PageContext, variant_ids: Sequence[int], purpose: str, once: ReadOnce | None = None
) -> dict[int, PriceView]:
    """Return prices by variant id; one call, so that a page is priced at one instant."""
    if not variant_ids:
        return {}
    context, ids = quote_context(ctx, purpose), list(dict.fromkeys(variant_ids))
    return quote_variants(context=context, variant_ids=ids, once=once).prices


def build_cards(
    ctx: PageContext,
    variant_ids: Sequence[int],
    purpose: str,
    among: Collection[int] | None = None,
) -> tuple[ProductCard, ...]:
    """Return cards in the order asked, one for each product; variants without a price or product
    are left out. `among`: as for `choose_shown`."""
    shown = choose_shown(ctx, variant_ids, among)
    prices = quote_page(ctx, shown.variant_ids, purpose, shown.once)
    return shown.mark(join_cards(shown.list_cards(ctx.language), prices))


def join_cards(
    cards: Iterable[CatalogCard], prices: dict[int, PriceView]
) -> tuple[ProductCard, ...]:
    """Return the cards that have a price, in their order."""
    same, aged = list_never_personal(), list_age_limited()
    age = get_market(settings.MARKET_CODE).minimum_age
    return tuple(
        ProductCard(
            card=card,
            price=prices[card.variant_id],
            is_same_for_all=card.variant_id in same,
            minimum_age=(card.minimum_age or age) if card.variant_id in aged else None,
        )
        for card in cards
        if card.variant_id in prices
    )


_shared: dict[tuple[object, ...], ProductCard] = {}
MOST_SHARED = 2_048


def share_card(item: ProductCard) -> ProductCard:
    """Return the card of the same values that other pages show, or this one to them.

    For cards of which nothing is one shopper's own. What they are made of is compared by identity:
    catalogue, prices and offers hand out the same objects until one of them changes.
    """
    parts = id(item.card), id(item.price), id(item.offer)
    key = (*parts, item.members_minor, item.choice, item.is_same_for_all, item.minimum_age)
    known = _shared.get(key)
    if known is None:
        if len(_shared) >= MOST_SHARED:
            _shared.clear()
        known = _shared[key] = item  # keeps its parts alive, so that no other object has their ids
    return known


def card_block(item: ProductCard, language: str) -> PriceBlock:
    """Return the price block of a card."""
    products = ProductFacts(
        item.available <= 0, item.is_same_for_all, item.minimum_age, item.card.is_loose
    )
    return build_price_block(item.price, language, item.offer, item.members_minor, products)


def page_block(page: ProductPage, language: str) -> PriceBlock:
    """Return the price block of a product's own page."""
    detail, age = page.detail, get_market(settings.MARKET_CODE).minimum_age
    products = ProductFacts(
        is_sold_out=detail.card.available <= 0,
        is_same_for_all=detail.is_restricted or detail.is_sensitive or detail.is_child_directed,
        minimum_age=(detail.minimum_age or age) if detail.is_restricted else None,
        is_loose=detail.card.is_loose,
    )
    return build_price_block(page.price, language, page.offer, page.members_minor, products)
