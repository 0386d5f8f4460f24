"""Previews of units in a cart, without pages around them."""

from __future__ import annotations

from collections.abc import Sequence

from promotions.engine.core.carts import CartLineValue, CartValue, ShopperView
from promotions.offers.selectors.evaluation import Previews, preview_lines
from promotions.offers.selectors.gathering import Gathered, gather_offers
from tests.factories.promotions import NOON

NOTHING = CartValue((), "USD", "us", "online", "US-NY", "America/New_York")


def gather(
    lines: Sequence[CartLineValue], shopper: ShopperView, cart: CartValue = NOTHING
) -> Gathered:
    """Return the offers that count for the cart with any of the lines."""
    return gather_offers(
        cart=cart, codes=(), shopper=shopper, now=NOON, language="en", products=lines
    )


def preview(
    lines: Sequence[CartLineValue], shopper: ShopperView, cart: CartValue = NOTHING
) -> Previews:
    """Return what one unit of each line more costs in the cart."""
    return preview_lines(lines=lines, gathered=gather(lines, shopper, cart), language="en")
