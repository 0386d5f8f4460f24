"""Checkout: stock held, prices frozen, until a moment the shopper is told."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from orders.core.cart_view import SettledLine
from orders.core.limits import HOLD
from orders.core.refusals import CartRefused, PriceConsentNeeded
from orders.core.values import CheckoutView
from orders.metrics import cart_changes_total
from orders.models import Cart, CartLine
from orders.services.ages import find_minimum_age
from orders.services.payments import list_payment_methods
from orders.services.providers import list_offered, say_no_provider
from orders.services.rows import OpenCart, lock_cart
from orders.services.valuation import Valuation, value_cart
from pricing.core.values import QuoteContext
from shop.inventory.core.values import StockLine
from shop.inventory.services import reserve_stock


@transaction.atomic
def start_checkout(
    *, context: QuoteContext, delivery_method: str | None = None, version: int | None = None
) -> CheckoutView:
    """Hold the stock of the cart and freeze its prices; may be repeated (a reload, an edit).

    A repeat holds what the cart now contains but does not make the hold longer: otherwise an
    open tab could keep goods from others for ever. Raises CartRefused, CartChanged,
    PriceConsentNeeded, UnknownDelivery, PaymentRefused (no_payment_provider), OutOfStock
    (`detail["available"]`).
    """
    opened = lock_cart(context, version=version)
    valuation = value_cart(opened, context, delivery_code=delivery_method)
    check_ready(valuation)
    cart = require_cart(opened)
    running = opened.frozen_until(context.now)
    until = running or context.now + HOLD
    reserve_stock(holder=opened.holder, lines=stock_lines(valuation.lines), expires_at=until)
    _note_hold(opened, valuation.lines)
    if running is None:
        cart.frozen_until = until
        cart.save(update_fields=["frozen_until"])
        cart_changes_total.labels(kind="checkout").inc()
    return CheckoutView(
        cart=valuation.valued.view,
        options=valuation.valued.options,
        methods=tuple(list_payment_methods(language=context.language)),
        expires_at=until,
        minimum_age=find_minimum_age(valuation.lines, context.market),
    )


def check_ready(valuation: Valuation) -> None:
    """Raise unless the cart can become an order: something in it, all sold, agreed and payable."""
    if not valuation.lines:
        raise CartRefused("The cart is empty.", code="cart_empty")
    gone = [line.card.variant_id for line in valuation.lines if not line.is_sold]
    if gone:
        raise CartRefused(
            "Something in the cart is no longer sold.", code="not_for_sale", variant_ids=gone
        )
    lost = [each for each in valuation.valued.view.notices if each.code == "gift_gone"]
    if lost:
        offer_ids = [each.offer_id for each in lost]
        raise CartRefused(lost[0].message, code="gift_gone", offer_ids=offer_ids)
    if valuation.risen:
        raise PriceConsentNeeded(
            "A price rose since it was quoted. Please accept it in the cart first.",
            variant_ids=[line.card.variant_id for line in valuation.risen],
        )
    if valuation.valued.totals.total_minor and not list_offered():
        raise say_no_provider()


def require_cart(opened: OpenCart) -> Cart:
    """Return the cart row. Raises CartRefused where there is none."""
    if opened.cart is None:
        raise CartRefused("The cart is empty.", code="cart_empty")
    return opened.cart


def stock_lines(lines: Iterable[SettledLine]) -> list[StockLine]:
    """Return what to hold for `lines`."""
    return [StockLine(line.card.variant_id, line.quantity) for line in lines]


def _note_hold(opened: OpenCart, lines: Iterable[SettledLine]) -> None:
    gifts = {str(line.card.variant_id): line.quantity for line in lines if line.is_gift}
    cart = require_cart(opened)
    if cart.held_gifts != gifts:
        cart.held_gifts = gifts
        cart.save(update_fields=["held_gifts"])
    changed = [line for line in opened.lines if line.held_quantity != line.quantity]
    for line in changed:
        line.held_quantity = line.quantity
    if changed:
        CartLine.objects.bulk_update(changed, ["held_quantity"])
