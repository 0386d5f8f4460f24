"""What offers make of the prices on lists and product pages, for whoever looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from orders.services.shopper_facts import complete_shopper
from pricing.core.values import PriceView
from pricing.selectors import floor_minor
from pricing.services import quote_listing
from profiles.services import log_exposures
from promotions.core.carts import CartLineValue
from promotions.core.limits import Counted, Left
from promotions.selectors import (
    Goods,
    LinePreview,
    PreviewPlace,
    Previews,
    ShopperView,
    find_touched,
    list_live_offers,
    preview_lines,
    price_goods,
)
from promotions.selectors.facts import LookUp
from promotions.selectors.preview_offers import FindTier, FindVisitor
from shop.catalog.core.values import CatalogCard
from shop.catalog.selectors import load_variant_arrays
from shop.catalog.selectors.places import find_places, find_products
from shop.pages.cards import quote_context
from shop.pages.context import PageContext
from shop.pages.members import Visitor
from shop.pages.values import ProductCard

IntArray = NDArray[np.int64]


class _Asked(TypedDict):
    """What prices with offers take besides goods."""

    place: PreviewPlace
    shopper: ShopperView
    find_visitor: FindVisitor | None
    find_tier: FindTier | None
    look_up: LookUp | None


def preview_cards(
    ctx: PageContext,
    cards: Sequence[CatalogCard],
    prices: Mapping[int, PriceView],
    visitor: Visitor | None = None,
) -> Previews:
    """Return what one piece of each would cost in this visitor's cart now, if less.

    The offers are those of the cart: for everybody, members, tiers and groups, with a budget that
    is open, for chosen shoppers, by the arm of an experiment. Who is not signed in sees what every
    member pays, too, not on restricted or sensitive goods. What shows an experiment is logged.

    No query for strangers, one each if an offer on these goods has a budget or use limits. Known
    shoppers one more, and one for each fact such an offer asks for (whom it addresses, groups,
    orders; two for tier and arms). The number of cards does not matter.
    """
    priced = [card for card in cards if card.variant_id in prices]
    if not priced or not list_live_offers(now=ctx.now, market_code=ctx.market):
        return Previews()
    asked = _ask_as(ctx, visitor or Visitor(ctx))
    found = preview_lines(lines=_lines_of(ctx, priced, prices), **asked)
    if ctx.is_counted:
        log_exposures(found.arms, now=ctx.now)
    stock = {card.variant_id: card.available for card in priced}
    return Previews(
        mine={i: replace(p, left=_within_stock(p.left, stock[i])) for i, p in found.mine.items()},
        members=_without_delicate(found.members),
    )


def offered_prices(ctx: PageContext, ids: IntArray, quoted: IntArray, visitor: Visitor) -> IntArray:
    """Return what one piece of each variant costs in this visitor's cart now, (n,), for sorting.

    `quoted` where no offer lowers it. For any number of variants: what no offer tells apart and
    costs the same is asked once. Queries: those of `preview_cards`, once more.
    """
    asked = _ask_as(ctx, visitor)
    touched = find_touched(ids, asked["place"]) & (quoted > 0)
    if not touched.any():
        return quoted
    goods = _price_alone(ctx, ids[touched], quoted[touched])
    prices, arms = price_goods(goods=goods, make_lines=_lines_for, **asked)
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


def _ask_as(ctx: PageContext, visitor: Visitor) -> _Asked:
    """Return where the visitor is, and how offers find out who it is if they must."""
    return {
        "place": PreviewPlace(
            market_code=ctx.market,
            channel=ctx.channel,
            currency=ctx.currency,
            now=ctx.now,
            language=ctx.language,
            region=ctx.jurisdiction_code,
        ),
        "shopper": ShopperView(shopper_id=None, is_member=ctx.account_id is not None),
        "find_visitor": None if ctx.shopper_pseudonym is None else visitor.look,
        "find_tier": visitor.read_tier,
        "look_up": lambda view, facts: complete_shopper(view, facts, quote_context(ctx, "offers")),
    }


def _price_alone(ctx: PageContext, ids: IntArray, quoted: IntArray) -> Goods:
    """Return one piece of each variant at its quoted price, beside the one for everybody."""
    everybody = quote_context(replace(ctx, shopper_pseudonym=None), "listing")
    public = quote_listing(context=everybody, variant_ids=ids)
    floors = floor_minor(
        variant_ids=ids.tolist(), now=ctx.now, market=ctx.market, channel=ctx.channel
    )
    pairs = zip(ids.tolist(), quoted.tolist(), strict=True)
    floor = np.array([floors.get(one, unit) for one, unit in pairs], dtype=np.int64)
    return Goods(variant_id=ids, unit_minor=quoted, floor_minor=floor, public_minor=public)


def _lines_for(goods: Goods) -> list[CartLineValue]:
    wanted = goods.variant_id.tolist()
    places, products = find_places(wanted), find_products(wanted)
    columns = (goods.unit_minor, goods.floor_minor, goods.public_minor)
    return [
        CartLineValue(
            line_id=str(one),
            variant_id=one,
            product_id=products.get(one, 0),
            category_ids=places[one][0],
            brand_id=places[one][1],
            quantity=1,
            unit_minor=unit,
            floor_minor=floor,
            public_minor=full,
        )
        for one, unit, floor, full in zip(wanted, *(c.tolist() for c in columns), strict=True)
    ]


def _lines_of(
    ctx: PageContext, cards: Sequence[CatalogCard], prices: Mapping[int, PriceView]
) -> list[CartLineValue]:
    ids = [card.variant_id for card in cards]
    places = find_places(ids)
    floors = floor_minor(variant_ids=ids, now=ctx.now, market=ctx.market, channel=ctx.channel)
    return [
        CartLineValue(
            line_id=str(card.variant_id),
            variant_id=card.variant_id,
            product_id=card.product_id,
            category_ids=places[card.variant_id][0],
            brand_id=places[card.variant_id][1],
            quantity=1,
            unit_minor=prices[card.variant_id].quoted_minor,
            floor_minor=floors.get(card.variant_id, prices[card.variant_id].quoted_minor),
            public_minor=prices[card.variant_id].public_minor,
        )
        for card in cards
    ]


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
