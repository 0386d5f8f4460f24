"""A basket valued as a cart would be, without a cart: nothing is stored, held or logged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orders.cart.services.evaluation_input import (
    Priced,
    complete_shopper,
    for_everybody,
    make_cart,
    make_lines,
    price_basket,
    stock_gifts,
)
from pricing.api import list_prices
from pricing.base.core.values import QuoteContext
from profiles.values import ShopperValue
from promotions.campaigns.api import CompiledBook
from promotions.engine.api import CartValue, Evaluation, ShopperView
from promotions.offers.api import CartQuestion, Previews, evaluate_cart, preview_lines
from shop.ground.kernel.translation import locale_of


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
    were live; without it only what is live counts. Products without a price are left out. Queries:
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


def rehearse_units(
    *,
    basket: Mapping[int, int],
    shopper: ShopperValue | None,
    context: QuoteContext,
    book: CompiledBook,
) -> Previews:
    """Return what lists would show of one piece of each of these products, with drafts as if live.

    The cart is empty, as it is when a shopper comes. Queries: as `preview_lines` says.
    """
    view = ShopperView(None, is_first_order=True)
    if shopper is not None:
        view = ShopperView(shopper.id, is_member=shopper.account_id is not None)
    one_each = _cart_of(dict.fromkeys(basket, 1), context)
    question = CartQuestion(
        cart=make_cart((), context),
        codes=(),
        shopper=view,
        now=context.now,
        language=context.language,
        look_up=lambda asked, facts: complete_shopper(asked, facts, context),
        book=book,
    )
    return preview_lines(question, one_each.lines)


def _cart_of(basket: Mapping[int, int], context: QuoteContext) -> CartValue:
    prices, full = price_basket(basket, context), price_basket(basket, for_everybody(context))
    listed = list_prices(
        variant_ids=list(basket), now=context.now, market=context.market, channel=context.channel
    )
    priced = [
        Priced(
            variant_id,
            quantity,
            prices[variant_id],
            full.get(variant_id, 0),
            listed.get(variant_id, 0),
        )
        for variant_id, quantity in basket.items()
        if prices.get(variant_id)
    ]
    return make_cart(make_lines(priced, context), context)
