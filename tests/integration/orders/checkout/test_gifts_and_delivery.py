"""Gifts and cheaper delivery from cart to order to refund: visible, in stock, to the cent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from orders.cart.services.carts import add_to_cart, set_quantity, view_cart
from orders.checkout.services.checkout import start_checkout
from orders.models import Order, OrderLine
from orders.payments.api import RefundPart, refund_order
from pricing.base.core.values import QuoteContext
from profiles.models import Event
from promotions.campaigns.selectors.book import forget_offer_book
from promotions.models import Campaign, Offer, Redemption
from shop.ground.inventory.models import StockRecord
from tests.factories.orders import (
    NOON,
    FakePrices,
    Shelf,
    context_of,
    make_shopper,
    pay,
    place,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob(prices: FakePrices) -> QuoteContext:
    return context_of(make_shopper())


def _offer(kind: str, terms: dict[str, Any], *, budget: int | None = None, **fields: Any) -> None:
    campaign = Campaign.objects.create(
        code=kind,
        name=kind,
        kind="price_cut",
        status="live",
        starts_at=NOON - timedelta(days=1),
        ends_at=NOON + timedelta(days=1),
        budget_minor=budget,
    )
    offer = Offer(
        campaign=campaign,
        code=kind,
        name=f"Free {kind}",
        benefit_kind=kind,
        target="cart",
        terms=terms,
        **fields,
    )
    offer.full_clean()
    offer.save()
    forget_offer_book()


def _gift(shelf: Shelf, **fields: Any) -> None:
    _offer("gift", {"variants": [shelf.rye]}, condition={"categories": [shelf.cheese]}, **fields)


def test_a_gift_in_the_cart_is_free_and_says_why(bob: QuoteContext, shelf: Shelf) -> None:
    _gift(shelf)
    cart = add_to_cart(context=bob, variant_id=shelf.cheddar, quantity=2)
    bought, given = cart.lines
    assert (given.card.variant_id, given.quantity, given.is_gift) == (shelf.rye, 1, True)
    assert (given.subtotal_minor, given.discount_minor, given.total_minor) == (300, 300, 0)
    assert [(a.label, a.amount_minor) for a in given.adjustments] == [("Free gift", -300)]
    assert bought.total_minor == 800
    assert (cart.subtotal_minor, cart.discount_minor, cart.total_minor) == (1_100, 300, 1_299)
    assert cart.quantity == 2
    assert [(o.label, o.amount_minor) for o in cart.offers] == [("Free gift", 300)]


def test_a_gift_goes_with_what_earned_it(bob: QuoteContext, shelf: Shelf) -> None:
    _gift(shelf)
    add_to_cart(context=bob, variant_id=shelf.cheddar)
    cart = add_to_cart(context=bob, variant_id=shelf.merlot)
    assert [line.is_gift for line in cart.lines] == [False, False, True]
    cart = set_quantity(context=bob, variant_id=shelf.cheddar, quantity=0)
    assert [line.card.variant_id for line in cart.lines] == [shelf.merlot]


def test_the_last_piece_is_given_or_bought_never_both(bob: QuoteContext, shelf: Shelf) -> None:
    _gift(shelf)
    StockRecord.objects.filter(variant_id=shelf.rye).update(on_hand=1)
    add_to_cart(context=bob, variant_id=shelf.cheddar)
    assert [line.is_gift for line in view_cart(context=bob).lines] == [False, True]
    cart = add_to_cart(context=bob, variant_id=shelf.rye)
    assert [line.is_gift for line in cart.lines] == [False, False]
    assert cart.can_check_out


def test_a_checkout_keeps_the_last_piece_as_its_gift(bob: QuoteContext, shelf: Shelf) -> None:
    _gift(shelf)
    StockRecord.objects.filter(variant_id=shelf.rye).update(on_hand=1)
    add_to_cart(context=bob, variant_id=shelf.cheddar)
    start_checkout(context=bob)
    assert StockRecord.objects.get(variant_id=shelf.rye).reserved == 1
    assert [line.is_gift for line in view_cart(context=bob).lines] == [False, True]
    ann = context_of(make_shopper())
    assert not any(
        line.is_gift for line in add_to_cart(context=ann, variant_id=shelf.cheddar).lines
    )
    order = place(bob)
    assert [line.is_gift for line in order.lines] == [False, True]


def test_a_gift_order_moves_stock_and_refunds_exactly(bob: QuoteContext, shelf: Shelf) -> None:
    _gift(shelf, budget=1_000)
    add_to_cart(context=bob, variant_id=shelf.cheddar, quantity=2)
    order = place(bob)
    assert pay(order) == "succeeded"
    assert StockRecord.objects.get(variant_id=shelf.rye).on_hand == 9
    assert Redemption.objects.get().amount_minor == 300
    assert Campaign.objects.get().spent_minor == 300
    bought = Event.objects.filter(kind="purchase").values_list("variant_id", flat=True)
    assert set(bought) == {shelf.cheddar}
    cheese, gift = OrderLine.objects.order_by("position")
    assert (gift.is_gift, gift.total_minor) == (True, 0)
    back = {"reason": "return", "now": NOON}
    first = refund_order(
        order_id=order.order_id,
        parts=[
            RefundPart(gift.pk, 1, restocked=1),
            RefundPart(cheese.pk, 1, restocked=1),
        ],
        idempotency_key="a",
        **back,
    )
    assert first.refunded_minor == 400
    last = refund_order(
        order_id=order.order_id,
        parts=[RefundPart(cheese.pk, 1, restocked=1)],
        idempotency_key="b",
        **back,
    )
    assert last.refunded_minor == order.total_minor == 1_299
    assert Campaign.objects.get().spent_minor == 0


def test_free_delivery_is_shown_frozen_and_counted_in_the_budget(
    bob: QuoteContext, shelf: Shelf
) -> None:
    _offer("delivery", {"methods": ["standard"], "price": 0}, budget=499)
    cart = add_to_cart(context=bob, variant_id=shelf.cheddar, quantity=2)
    assert cart.delivery is not None
    assert (cart.delivery.before_minor, cart.delivery.price_minor) == (499, 0)
    assert [(c.label, c.amount_minor) for c in cart.delivery.cuts] == [("Free delivery", -499)]
    assert (cart.discount_minor, cart.total_minor) == (0, 800)
    order = place(bob)
    assert (order.delivery_minor, order.total_minor) == (0, 800)
    assert [cut.amount_minor for cut in order.delivery_cuts] == [-499]
    assert Campaign.objects.get().spent_minor == 499
    ann = context_of(make_shopper())
    assert add_to_cart(context=ann, variant_id=shelf.cheddar).total_minor == 899


def test_delivery_that_is_free_anyway_uses_up_nothing(bob: QuoteContext, shelf: Shelf) -> None:
    _offer("delivery", {"price": 199})
    cart = add_to_cart(context=bob, variant_id=shelf.merlot, quantity=4)
    assert cart.delivery is not None
    assert (cart.delivery.price_minor, cart.delivery.cuts, cart.offers) == (0, (), ())
    place(bob)
    assert not Redemption.objects.exists()
    assert Order.objects.get().delivery_adjustments == []
