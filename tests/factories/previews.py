"""Previews of units in a cart, without pages around them."""

from __future__ import annotations

from collections.abc import Sequence

from promotions.engine.core.carts import CartLineValue, CartValue, ShopperView
from promotions.offers.selectors.evaluation import Previews, preview_lines
from promotions.offers.selectors.gathering import CartQuestion
from tests.factories.promotions import NOON

NOTHING = CartValue((), "USD", "us", "online", "US-NY", "America/New_York")


def ask(shopper: ShopperView, cart: CartValue = NOTHING) -> CartQuestion:
    """Return the question about the shopper's cart."""
    return CartQuestion(cart=cart, codes=(), shopper=shopper, now=NOON, language="en")


def preview(
    lines: Sequence[CartLineValue], shopper: ShopperView, cart: CartValue = NOTHING
) -> Previews:
    """Return what one unit of each line more costs in the cart."""
    return preview_lines(ask(shopper, cart), lines)
