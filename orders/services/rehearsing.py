"""A basket valued as a cart would be, without a cart: nothing is stored, held or logged."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from orders.core.wording import locale_of
from orders.selectors.terms import Terms, load_terms
from orders.services.shopper_facts import complete_shopper
from pricing.core.values import QuoteContext
from pricing.selectors import floor_minor
from pricing.services import quote_listing
from profiles.core.values import ShopperValue
from promotions.core.carts import CartLineValue, CartValue, DeliveryFee, GiftStock
from promotions.core.values import Evaluation
from promotions.selectors import ShopperView, evaluate_cart
from promotions.selectors.book import CompiledBook
from shop.catalog.selectors import get_market, list_cards
from shop.catalog.selectors.places import find_places, find_products


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A basket as the evaluator saw it, and its answer."""

    cart: CartValue
    evaluation: Evaluation


def rehearse_cart(
    *,
    basket: Mapping[int, int],
    codes: tuple[str, ...],
    shopper: ShopperValue | None,
    context: QuoteContext,
    book: CompiledBook | None = None,
) -> Rehearsed:
    """Return what `basket` (variant -> pieces) would come to for this shopper at this moment.

    Without a shopper a new guest asks: nobody who holds a cart of that kind has ordered before.
    The same evaluator, prices, floors, fees and facts as of a cart. `book` has drafts as if they
    were live; without it only what is live counts. Goods without a price are left out. Queries:
    as `evaluate_cart` says, and the cards of gifts.
    """
    cart = _cart_of(basket, context)
    view = ShopperView(None, is_first_order=True)
    if shopper is not None:
        view = ShopperView(shopper.id, is_member=shopper.account_id is not None)
    evaluation = evaluate_cart(
        cart=cart,
        codes=codes,
        shopper=view,
        now=context.now,
        language=context.language,
        locale=locale_of(context.language),
        look_up=lambda asked, facts: complete_shopper(asked, facts, context),
        look_up_gifts=lambda ids: stock_gifts(ids, basket=basket, context=context),
        book=book,
    )
    return Rehearsed(cart, evaluation)


def _cart_of(basket: Mapping[int, int], context: QuoteContext) -> CartValue:
    prices, full = _price(basket, context), _price(basket, _everybody(context))
    ids = [variant_id for variant_id in basket if prices.get(variant_id)]
    place = {"market": context.market, "channel": context.channel}
    floors = floor_minor(variant_ids=ids, now=context.now, **place) if ids else {}
    where, products = find_places(ids), find_products(ids)
    market = get_market(context.market)
    terms = load_terms(market_code=context.market, day=context.now.date())
    return CartValue(
        lines=tuple(
            CartLineValue(
                line_id=str(variant_id),
                variant_id=variant_id,
                product_id=products.get(variant_id, 0),
                category_ids=where[variant_id][0],
                brand_id=where[variant_id][1],
                quantity=basket[variant_id],
                unit_minor=prices[variant_id],
                floor_minor=floors.get(variant_id, 0),
                public_minor=full.get(variant_id, 0),
            )
            for variant_id in ids
        ),
        currency=market.currency,
        market_code=context.market,
        channel=context.channel,
        region=context.jurisdiction_code,
        time_zone=market.time_zone,
        deliveries=list_fees(terms),
    )


def list_fees(terms: Terms) -> tuple[DeliveryFee, ...]:
    """Return the ways of delivery of a market as the evaluator sees them."""
    return tuple(
        DeliveryFee(one.code, one.price_minor, one.free_from_minor, needs_address=one.needs_address)
        for one in terms.methods
    )


def _price(ids: Collection[int], context: QuoteContext) -> dict[int, int]:
    """Return this shopper's price of each variant; nothing is issued or stored."""
    wanted = np.array(list(ids), dtype=np.int64)
    if not len(wanted):
        return {}
    found = quote_listing(context=context, variant_ids=wanted)
    return dict(zip(wanted.tolist(), found.tolist(), strict=True))


def _everybody(context: QuoteContext) -> QuoteContext:
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
    prices = _price(list(cards), _everybody(context))
    return tuple(
        GiftStock(one, prices[one], max(0, cards[one].available - basket.get(one, 0)))
        for one in sorted(cards)
        if prices.get(one)
    )
