"""A cart as the evaluator of offers sees it, and what adding a product to it would change."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from orders.core.stages import promise_of, settle_price
from orders.selectors.terms import Terms
from orders.services.ages import find_terms_for
from orders.services.rows import OpenCart, promise_on
from orders.services.shopper_facts import complete_shopper
from pricing.core.values import PriceView, QuoteContext
from pricing.selectors import floor_minor
from pricing.services import quote_listing
from promotions.core.carts import CartLineValue, CartValue, DeliveryFee, GiftStock
from promotions.selectors import Gathered, ShopperView, gather_offers
from promotions.selectors.facts import FindTier
from shop.catalog.selectors import get_market, list_cards
from shop.catalog.selectors.places import find_places, find_products


class Priced(NamedTuple):
    """Units of a variant at the price of one, for the shopper, for everybody and by the list."""

    variant_id: int
    quantity: int
    unit_minor: int
    public_minor: int
    list_minor: int = 0


def make_lines(priced: Sequence[Priced], context: QuoteContext) -> tuple[CartLineValue, ...]:
    """Return the units as lines of a cart, with floors and places in the catalogue. No query."""
    ids = [one.variant_id for one in priced]
    if not ids:
        return ()
    floors = floor_minor(
        variant_ids=ids, now=context.now, market=context.market, channel=context.channel
    )
    places, products = find_places(ids), find_products(ids)
    return tuple(
        CartLineValue(
            line_id=str(one.variant_id),
            variant_id=one.variant_id,
            product_id=products.get(one.variant_id, 0),
            category_ids=places[one.variant_id][0],
            brand_id=places[one.variant_id][1],
            quantity=one.quantity,
            unit_minor=one.unit_minor,
            floor_minor=floors.get(one.variant_id, 0),
            public_minor=one.public_minor,
            list_minor=one.list_minor,
        )
        for one in priced
    )


def make_cart(priced: Sequence[Priced], context: QuoteContext) -> CartValue:
    """Return a cart with the units in it and its ways of delivery."""
    market, lines = get_market(context.market), make_lines(priced, context)
    ids = [line.variant_id for line in lines]
    terms = find_terms_for(ids, market_code=context.market, now=context.now)
    return CartValue(
        lines=lines,
        currency=market.currency,
        market_code=context.market,
        channel=context.channel,
        region=context.jurisdiction_code,
        time_zone=market.time_zone,
        deliveries=list_fees(terms),
    )


def price_rows(
    opened: OpenCart, prices: Mapping[int, PriceView], context: QuoteContext
) -> list[Priced]:
    """Return the rows of the cart at the prices that hold for them; what is off sale is left out.

    `prices` are today's. Nothing is stored.
    """
    frozen_until = opened.frozen_until(context.now)
    priced = []
    for row in opened.lines:
        current = prices.get(row.variant_id)
        if current is not None:
            kept, offered = promise_on(row), promise_of(current)
            settled = settle_price(kept, offered, now=context.now, frozen_until=frozen_until)
            promise = settled.promise
            amounts = promise.quoted_minor, promise.public_minor, promise.list_minor
            priced.append(Priced(row.variant_id, row.quantity, *amounts))
    return priced


def gather_for_products(
    opened: OpenCart,
    cart: CartValue,
    products: Sequence[CartLineValue],
    *,
    shopper: ShopperView,
    find_tier: FindTier,
    context: QuoteContext,
) -> Gathered:
    """Return the offers that count for `cart`, which is `opened` priced, with a unit of `products`.

    Queries: as `gather_offers` says, and the cards of gifts where they compete with prices.
    """

    def look_up_gifts(ids: Collection[int]) -> tuple[GiftStock, ...]:
        basket = {line.variant_id: line.quantity for line in cart.lines}
        return stock_gifts(ids, basket=basket, context=context)

    identity = () if opened.cart is None else tuple(opened.cart.identity)
    return gather_offers(
        cart=cart,
        codes=codes_of(opened),
        shopper=replace(shopper, identity=identity),
        now=context.now,
        language=context.language,
        look_up=lambda view, facts: complete_shopper(view, facts, context),
        look_up_gifts=look_up_gifts,
        products=products,
        find_tier=find_tier,
    )


def codes_of(opened: OpenCart) -> tuple[str, ...]:
    """Return the codes that were entered."""
    return () if opened.cart is None else tuple(opened.cart.coupon_codes)


def list_fees(terms: Terms) -> tuple[DeliveryFee, ...]:
    """Return the ways of delivery of a market as the evaluator sees them."""
    return tuple(
        DeliveryFee(one.code, one.price_minor, one.free_from_minor, needs_address=one.needs_address)
        for one in terms.methods
    )


def price_basket(ids: Collection[int], context: QuoteContext) -> dict[int, int]:
    """Return this shopper's price of each variant; nothing is issued or stored."""
    wanted = np.array(list(ids), dtype=np.int64)
    if not len(wanted):
        return {}
    found = quote_listing(context=context, variant_ids=wanted)
    return dict(zip(wanted.tolist(), found.tolist(), strict=True))


def for_everybody(context: QuoteContext) -> QuoteContext:
    """Return the context of who is not known."""
    return QuoteContext(
        None,
        context.market,
        context.channel,
        context.jurisdiction_code,
        context.language,
        gpc=False,
        now=context.now,
    )


def stock_gifts(
    ids: Collection[int], *, basket: Mapping[int, int], context: QuoteContext
) -> tuple[GiftStock, ...]:
    """Return what of the variants may be given away beside `basket`, at the price for everybody.

    One query.
    """
    if not ids:
        return ()
    cards = {card.variant_id: card for card in list_cards(sorted(ids), context.language)}
    prices = price_basket(list(cards), for_everybody(context))
    return tuple(
        GiftStock(one, prices[one], max(0, cards[one].available - basket.get(one, 0)))
        for one in sorted(cards)
        if prices.get(one)
    )
