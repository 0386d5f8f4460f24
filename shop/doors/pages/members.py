"""The visitor of a page: who it is, the profile, the cart, own offers, what products cost in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from orders.cart.api import Priced, PricedCart, preview_products, price_in_cart, read_priced_cart
from orders.values import CartView
from pricing.base.core.values import PriceView
from profiles.experiments.api import log_exposures
from profiles.segments.api import OnlineUnavailable, read_online_profiles
from profiles.shoppers.api import find_shopper
from profiles.values import FeatureRow, OnlineProfile, Participant, ShopperValue
from profiles.wishes.api import list_saved
from promotions.engine.api import Counted, ShopperView
from promotions.loyalty.api import read_tier
from promotions.offers.api import LinePreview, PersonalOffer, Previews, personal_offers_covering
from shop.doors.pages.cards import quote_context, share_card
from shop.doors.pages.context import PageContext
from shop.doors.pages.values import CategoryPage, ProductCard, ProductPage
from shop.ground.catalog.core.values import CatalogCard
from shop.ground.catalog.selectors import (
    catalog_version,
    list_categories,
    load_variant_arrays,
)


def find_member_id(ctx: PageContext) -> int | None:
    """Return the shopper of the account; None for who is not signed in. One query, else none."""
    if ctx.account_id is None or ctx.shopper_pseudonym is None:
        return None
    shopper = find_shopper(ctx.shopper_pseudonym)
    return None if shopper is None else shopper.id


class Visitor:
    """The visitor of one request: each thing is read once, when it is first asked for.

    `known` is the visitor's shopper where somebody has read it already.
    """

    def __init__(self, ctx: PageContext, known: ShopperValue | None = None) -> None:
        self._ctx = ctx
        self._found: list[ShopperValue | None] = [] if known is None else [known]
        self._tiers: list[str | None] = []
        self._carts: list[PricedCart] = []
        self._saved: list[frozenset[int]] = []

    def find(self) -> ShopperValue | None:
        """Return the visitor's shopper. One query, once; none for whom nobody knows."""
        if not self._found:
            pseudonym = self._ctx.shopper_pseudonym
            self._found.append(None if pseudonym is None else find_shopper(pseudonym))
        return self._found[0]

    def look(self) -> ShopperView:
        """Return the visitor as a cart would: who it is, and whether personal offers are for them.

        Whom nobody knows has not ordered yet. Queries: as `find`.
        """
        shopper = self.find()
        if shopper is None:
            is_member = self._ctx.account_id is not None
            return ShopperView(None, is_member=is_member, is_first_order=True)
        return ShopperView(
            shopper.id,
            is_member=shopper.account_id is not None,
            allows_personal=shopper.consents.price and not self._ctx.gpc,
        )

    def read_cart(self) -> PricedCart:
        """Return the visitor's cart, and its lines at the prices that hold for them now.

        Two queries more than `find`, once; one where there is no cart. Nothing is stored.
        """
        if not self._carts:
            self._carts.append(read_priced_cart(self.find(), quote_context(self._ctx, "cart")))
        return self._carts[0]

    def read_saved(self) -> frozenset[int]:
        """Return the variants on the wish list. One query more than `find`, once; none for who
        saved nothing."""
        if not self._saved:
            shopper = self.find() if self._ctx.has_saved else None
            self._saved.append(
                frozenset() if shopper is None else frozenset(list_saved(shopper.id))
            )
        return self._saved[0]

    def read_tier(self) -> str | None:
        """Return the membership tier. Two queries more, once; none for who is not signed in."""
        if self._ctx.account_id is None:
            return None
        if not self._tiers:
            shopper_id = self.look().shopper_id
            tier = None
            if shopper_id is not None:
                tier = read_tier(shopper_id=shopper_id, now=self._ctx.now)
            self._tiers.append(tier)
        return self._tiers[0]


IntArray = NDArray[np.int64]


def preview_cards(
    ctx: PageContext,
    cards: Sequence[CatalogCard],
    prices: Mapping[int, PriceView],
    visitor: Visitor | None = None,
) -> Previews:
    """Return what one more unit of each would add to the price of this visitor's cart now.

    Offers and evaluator are those of the cart, with what is in it and with its codes. Who is not
    signed in sees what every member would pay, too, not on restricted or sensitive products. What
    shows an experiment is logged.

    No query for strangers, one each if an offer on these products has a budget or use limits. Known
    shoppers two more for the cart, and one for each fact such an offer asks for (whom it addresses,
    groups, orders; two for tier and arms). The number of cards does not matter.
    """
    visitor = visitor or Visitor(ctx)
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
    found = preview_products(
        visitor.read_cart(),
        priced,
        shopper=visitor.look(),
        find_tier=visitor.read_tier,
        context=quote_context(ctx, "offers"),
    )
    if ctx.is_counted and found.arms:
        log_exposures(found.arms, now=ctx.now)
    stock = {card.variant_id: card.available for card in cards}
    return Previews(
        mine={i: _within_stock(one, stock[i]) for i, one in found.mine.items()},
        members=_without_delicate(found.members),
        is_shared=found.is_shared,
    )


def offered_prices(ctx: PageContext, ids: IntArray, quoted: IntArray, visitor: Visitor) -> IntArray:
    """Return what one more unit of each variant adds to this visitor's cart, (n,), for sorting.

    `quoted` where neither an offer nor the cart changes it. For any number of variants: what no
    offer tells apart and costs the same is asked once. Queries: those of `preview_cards`, once
    more, but the cart is read once.
    """
    prices, arms = price_in_cart(
        visitor.read_cart(),
        ids,
        quoted,
        shopper=visitor.look(),
        find_tier=visitor.read_tier,
        context=quote_context(ctx, "offers"),
    )
    if ctx.is_counted and arms:
        log_exposures(arms, now=ctx.now)
    return prices


def hold_prices(prices: Mapping[int, PriceView], visitor: Visitor) -> dict[int, PriceView]:
    """Return the prices, of products in the cart those that the cart holds: one more unit costs
    that.

    Two differ where the shop cannot read what it knows of a visitor, or switched a price off, while
    the cart keeps what it promised. Queries: as `read_cart`.
    """
    held = visitor.read_cart().prices
    return {
        variant_id: held[variant_id]
        if variant_id in held and held[variant_id].quoted_minor != price.quoted_minor
        else price
        for variant_id, price in prices.items()
    }


def add_offers(
    ctx: PageContext, cards: Sequence[ProductCard], visitor: Visitor | None = None
) -> tuple[ProductCard, ...]:
    """Return the cards with what offers make of their prices, and how many are in the cart.

    Queries: as above.
    """
    visitor = visitor or Visitor(ctx)
    prices = hold_prices({item.card.variant_id: item.price for item in cards}, visitor)
    cards = [
        item if price is item.price else replace(item, price=price)
        for item in cards
        for price in (prices[item.card.variant_id],)
    ]
    found = preview_cards(ctx, [item.card for item in cards], prices, visitor)
    joined = join_offers(cards, found)
    if found.is_shared:
        joined = tuple(one if one.price.quote_id else share_card(one) for one in joined)
    return mark_own(joined, visitor)


def mark_own(cards: Sequence[ProductCard], visitor: Visitor) -> tuple[ProductCard, ...]:
    """Return the cards with how many of each are in the cart, and which are saved.

    Queries: as `read_saved` once the cart is read.
    """
    held = {line.variant_id: line.quantity for line in visitor.read_cart().opened.lines}
    saved = visitor.read_saved()
    return tuple(
        replace(item, quantity=held.get(one, 0), is_saved=one in saved)
        if (one := item.card.variant_id) in held or one in saved
        else item
        for item in cards
    )


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
        if item.card.variant_id in found.mine or item.card.variant_id in found.members
        else item
        for item in cards
    )


def paid_minor(price: PriceView, offer: LinePreview | None) -> int:
    """Return what one piece costs in the cart: nothing where it makes other pieces cheaper."""
    return price.quoted_minor if offer is None else max(0, offer.adjusted_minor)


def _without_delicate(members: Mapping[int, int]) -> dict[int, int]:
    """Return the prices of members without those of restricted and sensitive products."""
    if not members:
        return {}
    arrays = load_variant_arrays()
    asked = np.fromiter(members, dtype=np.int64, count=len(members))
    is_open = ~np.isin(asked, arrays.variant_id[arrays.never_picked])
    return {i: members[i] for i in asked[is_open].tolist()}


def _within_stock(offer: LinePreview, available: int) -> LinePreview:
    """Return the offer with no more units left than there are."""
    left = offer.left
    if left is None or left.counted is not Counted.UNITS or 0 < left.count <= available:
        return offer
    kept = replace(left, count=min(left.count, available)) if available > 0 else None
    return replace(offer, left=kept)


def find_profile(ctx: PageContext) -> OnlineProfile | None:
    """Return the online profile, or None for a stranger, under Sec-GPC, and without Redis."""
    if ctx.shopper_pseudonym is None or ctx.gpc:
        return None
    try:
        found = read_online_profiles([ctx.shopper_pseudonym], ctx.now)
    except OnlineUnavailable:
        return None
    return found.get(ctx.shopper_pseudonym)


def find_participant(ctx: PageContext, profile: OnlineProfile | None) -> Participant | None:
    """Return who takes part in experiments; None for who does not count, or whom nobody knows."""
    if not ctx.is_counted or profile is None or profile.shopper_id is None:
        return None
    if profile.consents is None:
        return None
    return Participant(
        shopper_id=profile.shopper_id,
        pseudonym=profile.pseudonym,
        consents=profile.consents,
        market_code=ctx.market,
        is_member=ctx.account_id is not None,
    )


def find_ranking_row(profile: OnlineProfile | None) -> FeatureRow | None:
    """Return the features a ranking may use: only with consent, and only when there are some."""
    if profile is None or profile.consents is None or not profile.consents.recommendations:
        return None
    row = profile.feature_row
    return row if row is not None and row.category_affinity else None


ON_A_PAGE = 2
# Why an offer does not apply yet that more of the right products would mend.
NEAR = frozenset({"cart_value_below", "cart_quantity_below", "products_below"})


def list_product_offers(
    ctx: PageContext, page: ProductPage, visitor: Visitor
) -> list[PersonalOffer]:
    """Return the shopper's own offers that cover one of the product's variants.

    As everywhere below: one query for whom nobody on the page asked about yet; for known shoppers
    who agreed to personal prices one more, and another if one of the offers has a use limit or was
    not looked at since one changed. None for strangers.
    """
    ids = [card.variant_id for card in page.detail.variants]
    return _list_own(ctx, ids, visitor)[:ON_A_PAGE]


def list_category_offers(
    ctx: PageContext, page: CategoryPage, visitor: Visitor
) -> list[PersonalOffer]:
    """Return the shopper's own offers that cover something of the category."""
    inside = list_inside(page.category.category_id, ctx.market, catalog_version())
    return _list_own(ctx, inside, visitor)[:ON_A_PAGE]


@lru_cache(maxsize=512)
def list_inside(category_id: int, market: str, version: int) -> NDArray[np.int64]:
    """Return what a market sells in a category and below; `version` keys the memory of it."""
    arrays = load_variant_arrays(market)
    below = list_categories("en").below(category_id)
    return arrays.variant_id[np.isin(arrays.category_id, list(below))]


def list_cart_offers(ctx: PageContext, cart: CartView, visitor: Visitor) -> list[PersonalOffer]:
    """Return the shopper's own offers on what is in the cart that do not count yet but still could.

    That is those whose code is not entered, and those that more of the right products would open.
    """
    used = {offer.offer_id for offer in cart.offers}
    near = {each.offer_id for each in cart.rejected if each.reason_code in NEAR}
    near |= {hint.offer_id for hint in cart.hints}
    ids = [line.card.variant_id for line in cart.lines if not line.is_gift]
    return [
        offer
        for offer in _list_own(ctx, ids, visitor)
        if offer.offer_id not in used
        and (
            offer.coupon_code not in cart.coupon_codes
            if offer.coupon_code
            else offer.offer_id in near
        )
    ][:ON_A_PAGE]


def _list_own(
    ctx: PageContext, variant_ids: Sequence[int] | NDArray[np.int64], visitor: Visitor
) -> list[PersonalOffer]:
    if not len(variant_ids) or ctx.gpc or not (view := visitor.look()).allows_personal:
        return []
    if view.shopper_id is None or ctx.shopper_pseudonym is None:
        return []
    return personal_offers_covering(
        shopper=view,
        pseudonym=ctx.shopper_pseudonym,
        variant_ids=np.asarray(variant_ids, dtype=np.int64),
        market_code=ctx.market,
        now=ctx.now,
        language=ctx.language,
        region=ctx.jurisdiction_code,
        channel=ctx.channel,
    )
