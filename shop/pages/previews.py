"""What products cost in the visitor's cart: for lists, cards and product pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from orders.services.cart_values import (
    Priced,
    codes_of,
    gather_for_products,
    make_cart,
    make_lines,
)
from orders.services.gifts import choices_of
from orders.services.rows import OpenCart
from pricing.core.values import PriceView
from pricing.selectors import floor_minor, list_prices
from pricing.services import quote_listing
from profiles.services import log_exposures
from promotions.core.carts import CartLineValue, CartValue
from promotions.core.limits import Counted, Left
from promotions.selectors import (
    Gathered,
    Goods,
    LinePreview,
    Previews,
    find_touched,
    list_live_offers,
    preview_lines,
    price_goods,
)
from shop.catalog.core.values import CatalogCard
from shop.catalog.selectors import load_variant_arrays
from shop.pages.context import PageContext
from shop.pages.members import Visitor
from shop.pages.quotes import quote_context
from shop.pages.values import ProductCard

IntArray = NDArray[np.int64]


def preview_cards(
    ctx: PageContext,
    cards: Sequence[CatalogCard],
    prices: Mapping[int, PriceView],
    visitor: Visitor | None = None,
) -> Previews:
    """Return what one more unit of each would add to the price of this visitor's cart now.

    Offers and evaluator are those of the cart, with what is in it and with its codes. Who is not
    signed in sees what every member would pay, too, not on restricted or sensitive goods. What
    shows an experiment is logged.

    No query for strangers, one each if an offer on these goods has a budget or use limits. Known
    shoppers two more for the cart, and one for each fact such an offer asks for (whom it addresses,
    groups, orders; two for tier and arms). The number of cards does not matter.
    """
    visitor = visitor or Visitor(ctx)
    opened, rows = visitor.read_cart()
    priced = [
        Priced(
            card.variant_id,
            1,
            prices[card.variant_id].quoted_minor,
            prices[card.variant_id].public_minor,
            prices[card.variant_id].list_minor,
        )
        for card in cards
        if card.variant_id in prices
    ]
    if not priced or not (rows or list_live_offers(now=ctx.now, market_code=ctx.market)):
        return Previews()
    lines = make_lines(priced, quote_context(ctx, "offers"))
    gathered = _gather(ctx, visitor, _cart_of(ctx, opened, rows), lines)
    found = preview_lines(lines=lines, gathered=gathered, language=ctx.language)
    if ctx.is_counted:
        log_exposures(found.arms, now=ctx.now)
    stock = {card.variant_id: card.available for card in cards}
    return Previews(
        mine={i: replace(p, left=_within_stock(p.left, stock[i])) for i, p in found.mine.items()},
        members=_without_delicate(found.members),
    )


def offered_prices(ctx: PageContext, ids: IntArray, quoted: IntArray, visitor: Visitor) -> IntArray:
    """Return what one more unit of each variant adds to this visitor's cart, (n,), for sorting.

    `quoted` where neither an offer nor the cart changes it. For any number of variants: what no
    offer tells apart and costs the same is asked once. Queries: those of `preview_cards`, once
    more, but the cart is read once.
    """
    opened, rows = visitor.read_cart()
    cart = _cart_of(ctx, opened, rows)
    codes = codes_of(opened)
    touched = (find_touched(ids, cart, ctx.now) | bool(codes)) & (quoted > 0)
    if not touched.any():
        return quoted
    prices, arms = price_goods(
        goods=_price_alone(ctx, ids[touched], quoted[touched]),
        make_lines=lambda goods: _lines_for(ctx, goods),
        gather=lambda lines: _gather(ctx, visitor, cart, lines),
        cart=cart,
        codes=codes,
    )
    if ctx.is_counted:
        log_exposures(arms, now=ctx.now)
    offered = quoted.copy()
    offered[touched] = prices
    return offered


def add_offers(
    ctx: PageContext, cards: Sequence[ProductCard], visitor: Visitor | None = None
) -> tuple[ProductCard, ...]:
    """Return the cards with what offers make of their prices. Queries: as above."""
    prices = {item.card.variant_id: item.price for item in cards}
    return join_offers(cards, preview_cards(ctx, [item.card for item in cards], prices, visitor))


def join_offers(cards: Sequence[ProductCard], found: Previews) -> tuple[ProductCard, ...]:
    """Return the cards with what `found` says of them."""
    if not found.mine and not found.members:
        return tuple(cards)
    return tuple(
        replace(
            item,
            offer=found.mine.get(item.card.variant_id),
            members_minor=found.members.get(item.card.variant_id),
        )
        for item in cards
    )


def paid_minor(price: PriceView, offer: LinePreview | None) -> int:
    """Return what one piece costs in the cart."""
    return price.quoted_minor if offer is None else offer.adjusted_minor


def _cart_of(ctx: PageContext, opened: OpenCart, rows: Sequence[Priced]) -> CartValue:
    cart = make_cart(rows, quote_context(ctx, "offers"))
    return replace(cart, gift_choices=choices_of(opened))


def _gather(
    ctx: PageContext, visitor: Visitor, cart: CartValue, lines: Sequence[CartLineValue]
) -> Gathered:
    opened, _ = visitor.read_cart()
    return gather_for_products(
        opened,
        cart,
        lines,
        shopper=visitor.look(),
        find_tier=visitor.read_tier,
        context=quote_context(ctx, "offers"),
    )


def _price_alone(ctx: PageContext, ids: IntArray, quoted: IntArray) -> Goods:
    """Return one piece of each variant at its quoted price, beside the one for everybody."""
    everybody = quote_context(replace(ctx, shopper_pseudonym=None), "listing")
    public = quote_listing(context=everybody, variant_ids=ids)
    floors = floor_minor(
        variant_ids=ids.tolist(), now=ctx.now, market=ctx.market, channel=ctx.channel
    )
    floor = np.array([floors.get(one, 0) for one in ids.tolist()], dtype=np.int64)
    prices = list_prices(
        variant_ids=ids.tolist(), now=ctx.now, market=ctx.market, channel=ctx.channel
    )
    listed = np.array([prices.get(one, 0) for one in ids.tolist()], dtype=np.int64)
    return Goods(ids, quoted, floor, public, listed)


def _lines_for(ctx: PageContext, goods: Goods) -> tuple[CartLineValue, ...]:
    columns = (goods.variant_id, goods.unit_minor, goods.public_minor, goods.list_minor)
    priced = [
        Priced(one, 1, *amounts)
        for one, *amounts in zip(*(column.tolist() for column in columns), strict=True)
    ]
    return make_lines(priced, quote_context(ctx, "offers"))


def _without_delicate(members: Mapping[int, int]) -> dict[int, int]:
    """Return the prices of members without those of restricted and sensitive goods."""
    if not members:
        return {}
    arrays = load_variant_arrays()
    delicate = arrays.variant_id[arrays.never_picked]
    return {i: minor for i, minor in members.items() if not np.isin(i, delicate)}


def _within_stock(left: Left | None, available: int) -> Left | None:
    if left is None or left.counted is not Counted.UNITS:
        return left
    return replace(left, count=min(left.count, available)) if available > 0 else None
