"""Checkout and orders: thin names over the orders room, so that both doors say the same."""

from __future__ import annotations

from orders.core.values import CheckoutView, OrderView
from orders.selectors import get_order_by_token, list_orders
from orders.services import start_checkout
from profiles.selectors import find_shopper
from shop.pages.cards import quote_context
from shop.pages.context import PageContext
from shop.pages.values import OrdersPage


def checkout(ctx: PageContext, delivery: str | None = None) -> CheckoutView:
    """Hold the cart's stock, freeze its prices and return what there is to fill in and pay.

    Raises CartRefused, PriceConsentNeeded, OutOfStock. May be repeated; `delivery` None keeps the
    cheapest way.
    """
    return start_checkout(context=quote_context(ctx, "checkout"), delivery_method=delivery)


def order(ctx: PageContext, token: str) -> OrderView:
    """Return the order of a secret link. Raises OrderNotFound."""
    return get_order_by_token(token=token, language=ctx.language)


def orders(ctx: PageContext, before: str | None = None) -> OrdersPage:
    """Return a page of the signed-in shopper's orders, newest first."""
    shopper = find_shopper(ctx.shopper_pseudonym) if ctx.shopper_pseudonym else None
    found = (
        list_orders(shopper_id=shopper.id, limit=ORDERS + 1, before=before, language=ctx.language)
        if shopper
        else []
    )
    shown = tuple(found[:ORDERS])
    return OrdersPage(orders=shown, next_before=shown[-1].number if len(found) > ORDERS else None)


ORDERS = 20
