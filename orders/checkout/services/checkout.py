"""Checkout: stock held, prices frozen, until a moment the shopper is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.db import transaction

from orders.cart.api import (
    OpenCart,
    Valuation,
    find_minimum_age,
    lock_cart,
    read_cart,
    value_cart,
)
from orders.cart.core.cart_view import HOLD, SHORT_HOLD
from orders.cart.core.stages import SettledLine
from orders.cart.models import Cart, CartLine
from orders.metrics import cart_changes_total
from orders.payments.api import list_offered, list_payment_methods, say_no_provider
from orders.refusals import CartRefused, PriceConsentNeeded
from orders.values import CartView, CheckoutView, DeliveryOption, GiftChoice
from pricing.api import resolve_jurisdiction
from pricing.base.core.values import JurisdictionRule, PriceView, QuoteContext
from pricing.ledger.core.record import is_test_code, label_code, prescribed_words
from promotions.engine.api import Adjustment, AppliedOffer, DeliveryCut
from shop.ground.database.retrying import try_twice
from shop.ground.inventory.core.holds import Claim, HeldPieces
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.services import reserve_stock
from shop.ground.kernel.addresses import UNKNOWN, subscriber_of
from shop.ground.kernel.hashing import sign
from shop.ground.kernel.translation import gettext_noop


@try_twice
@transaction.atomic
def start_checkout(
    *,
    context: QuoteContext,
    delivery_method: str | None = None,
    version: int | None = None,
    address: str = "",
) -> CheckoutView:
    """Hold the stock of the cart and freeze its prices; may be repeated (a reload, an edit).

    A repeat holds what the cart now contains but does not make the hold longer: otherwise an
    open tab could keep products from others for ever. What one shopper and one internet `address`
    hold is bounded; of what is scarce it is held a shorter time. Raises CartRefused, CartChanged,
    PriceConsentNeeded, UnknownDelivery, PaymentRefused (no_payment_provider), OutOfStock
    (`detail["available"]`).
    """
    opened = lock_cart(context, version=version)
    valuation = value_cart(opened, context, delivery_code=delivery_method)
    check_ready(valuation)
    cart = require_cart(opened)
    running = opened.frozen_until(context.now)
    held = reserve_stock(
        holder=opened.holder,
        lines=stock_lines(valuation.lines),
        expires_at=running or context.now + HOLD,
        claim=claim_of(cart, address, short_until=context.now + SHORT_HOLD),
    )
    _note_hold(opened, valuation.lines, held)
    if running != held.until:
        cart.frozen_until = held.until
        cart.save(update_fields=["frozen_until"])
    if running is None:
        cart_changes_total.labels(kind="checkout").inc()
    return _show(valuation, context, held.until)


def view_checkout(*, context: QuoteContext, delivery_method: str | None = None) -> CheckoutView:
    """Return the checkout as it stands, without holding anything.

    Raises CartRefused, PriceConsentNeeded, UnknownDelivery, PaymentRefused (no_payment_provider).
    """
    opened = read_cart(context)
    valuation = value_cart(opened, context, delivery_code=delivery_method)
    check_ready(valuation)
    return _show(valuation, context, opened.frozen_until(context.now))


def _show(valuation: Valuation, context: QuoteContext, until: datetime | None) -> CheckoutView:
    rule, language = _find_prescribed(context), context.language
    cart, options = valuation.valued.view, valuation.valued.options
    if rule is not None:
        cart = _label_as_prescribed(cart, rule, language)
        options = tuple(_relabel_delivery(one, rule.label(language)) for one in options)
    return CheckoutView(
        cart=cart,
        options=options,
        methods=tuple(list_payment_methods(language=language)),
        expires_at=until,
        minimum_age=find_minimum_age(valuation.lines, context.market),
    )


def _find_prescribed(context: QuoteContext) -> JurisdictionRule | None:
    """Return the rule of the country where it prescribes words, None where it does not.

    The products may go to any part of it, and its words must be read before the order is placed.
    """
    country = context.jurisdiction_code.partition("-")[0]
    rule = resolve_jurisdiction(code=country, now=context.now)
    return rule if prescribed_words(rule.label_en) else None


def _label_as_prescribed(cart: CartView, rule: JurisdictionRule, language: str) -> CartView:
    """Return the cart with the prescribed words for personal prices and for offers for chosen
    shoppers."""
    law = rule.label(language)
    lines = tuple(
        replace(
            line,
            price=_relabel(line.price, rule, language),
            adjustments=_relabel_offers(line.adjustments, law),
        )
        for line in cart.lines
    )
    return replace(
        cart,
        lines=lines,
        offers=_relabel_offers(cart.offers, law),
        gift_choices=_relabel_offers(cart.gift_choices, law),
        delivery=None if cart.delivery is None else _relabel_delivery(cart.delivery, law),
    )


def _relabel_delivery(option: DeliveryOption, law: str) -> DeliveryOption:
    return replace(option, cuts=_relabel_offers(option.cuts, law))


def _relabel_offers[T: (Adjustment, AppliedOffer, DeliveryCut, GiftChoice)](
    shown: Iterable[T], law: str
) -> tuple[T, ...]:
    return tuple(replace(each, law_label=law) if each.law_label else each for each in shown)


def _relabel(price: PriceView, rule: JurisdictionRule, language: str) -> PriceView:
    if not price.is_personal:
        return price
    is_test = is_test_code(price.label_code)
    label = rule.label(language, is_test=is_test)
    return replace(price, label=label, label_code=label_code(rule, is_test=is_test))


def check_ready(valuation: Valuation) -> None:
    """Raise unless the cart can become an order: something in it, all sold, agreed and payable."""
    if not valuation.lines:
        raise CartRefused(gettext_noop("The cart is empty."), code="cart_empty")
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
        raise CartRefused(gettext_noop("The cart is empty."), code="cart_empty")
    return opened.cart


def stock_lines(lines: Iterable[SettledLine]) -> list[StockLine]:
    """Return what to hold for `lines`."""
    return [StockLine(line.card.variant_id, line.quantity) for line in lines]


def claim_of(cart: Cart, address: str, *, short_until: datetime, is_order: bool = False) -> Claim:
    """Return who holds the cart's stock. Of the internet address only a keyed hash is kept."""
    line = subscriber_of(address) if address and address != UNKNOWN else ""
    hashed = sign(f"address:{line}".encode(), key=settings.SECRET_KEY.encode()).hex()[:32]
    return Claim(
        person=str(cart.shopper_id),
        address=hashed if line else "",
        short_until=short_until,
        is_order=is_order,
    )


def _note_hold(opened: OpenCart, lines: Iterable[SettledLine], held: HeldPieces) -> None:
    """Write down how many pieces of each line, then of each gift, the checkout holds."""
    left = dict(held.pieces)
    gifts: dict[str, int] = {}
    changed = []
    for line in sorted(lines, key=lambda line: line.is_gift):
        variant_id = line.card.variant_id
        quantity = min(line.quantity, left[variant_id])
        left[variant_id] -= quantity
        row = None if line.is_gift else opened.find_line(variant_id)
        if row is None:
            gifts[str(variant_id)] = quantity
        elif row.held_quantity != quantity:
            row.held_quantity = quantity
            changed.append(row)
    cart = require_cart(opened)
    if cart.held_gifts != gifts:
        cart.held_gifts = gifts
        cart.save(update_fields=["held_gifts"])
    if changed:
        CartLine.objects.bulk_update(changed, ["held_quantity"])
