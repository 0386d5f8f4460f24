"""A shopper's own offers where their goods are: on the product, in the category, in the cart."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from orders.values import CartView
from promotions.offers.api import PersonalOffer, personal_offers_covering
from shop.doors.pages.context import PageContext
from shop.doors.pages.members import Visitor
from shop.doors.pages.values import CategoryPage, ProductPage
from shop.ground.catalog.selectors import (
    catalog_version,
    list_categories,
    load_variant_arrays,
)

ON_A_PAGE = 2
# Why an offer does not apply yet that more of the right goods would mend.
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
    inside = _list_inside(page.category.category_id, ctx.market, catalog_version())
    return _list_own(ctx, inside, visitor)[:ON_A_PAGE]


@lru_cache(maxsize=512)
def _list_inside(category_id: int, market: str, version: int) -> NDArray[np.int64]:
    """Return what a market sells in a category and below; `version` keys the memory of it."""
    arrays = load_variant_arrays(market)
    below = list_categories("en").below(category_id)
    return arrays.variant_id[np.isin(arrays.category_id, list(below))]


def list_cart_offers(ctx: PageContext, cart: CartView, visitor: Visitor) -> list[PersonalOffer]:
    """Return the shopper's own offers on what is in the cart that do not count yet but still could.

    That is those whose code is not entered, and those that more of the right goods would open.
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
