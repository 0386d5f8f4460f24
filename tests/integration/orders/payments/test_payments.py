"""Payments: once, late, declined, confirmed; what an order holds moves with them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orders.cart.services.carts import add_to_cart, apply_coupon
from orders.checkout.services.cancelling import cancel_order, expire_unpaid_orders
from orders.checkout.services.checkout import start_checkout
from orders.models import Order
from orders.order.selectors import get_order_by_token
from orders.payments.api import confirm_payment, continue_payment, start_payment
from orders.payments.models import Payment
from orders.refusals import OrderRefused, PaymentRefused
from pricing.base.core.values import QuoteContext
from profiles.models import Event
from promotions.models import Campaign, Coupon, Redemption
from shop.ground.inventory.models import StockMovement, StockRecord
from shop.ground.inventory.services import expire_reservations
from shop.ground.outbox.models import Fact
from tests.factories.orders import (
    NOON,
    FakePrices,
    Shelf,
    context_of,
    make_shopper,
    pay,
    place,
)
from tests.factories.promotions import make_campaign

pytestmark = pytest.mark.django_db


def _stock(variant_id: int) -> tuple[int, int]:
    record = StockRecord.objects.get(variant_id=variant_id)
    return record.on_hand, record.reserved


def test_payment_sells_stock_redeems_the_code_and_records_the_purchase(
    visit: QuoteContext, shelf: Shelf
) -> None:
    make_campaign("hello", amount_minor=100, code="HELLO", budget_minor=500, uses=3)
    add_to_cart(context=visit, variant_id=shelf.rye, quantity=2)
    apply_coupon(context=visit, code="HELLO")
    order = place(visit)
    assert (Coupon.objects.get().redeemed, Campaign.objects.get().spent_minor) == (1, 100)
    assert pay(order) == "succeeded"
    paid = get_order_by_token(token=order.token, now=NOON)
    assert (paid.status, paid.paid_at, paid.is_payable) == ("paid", NOON, False)
    assert _stock(shelf.rye) == (8, 0)
    assert StockMovement.objects.get(kind="sold").reference == order.number
    assert Redemption.objects.get().state == "committed"
    events = Event.objects.filter(basket_ref=order.number).order_by("kind")
    assert [(e.kind, e.paid_minor, e.quantity) for e in events] == [
        ("order", None, 1),
        ("purchase", 500, 2),
    ]
    assert set(Fact.objects.values_list("kind", flat=True)) >= {"OrderPlaced", "OrderPaid"}


def test_a_declined_payment_leaves_order_and_stock_held(visit: QuoteContext, shelf: Shelf) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye, quantity=2)
    order = place(visit)
    assert pay(order, method="sandbox-declined", key="one") == "declined"
    assert pay(order, method="sandbox-outage", key="two") == "failed"
    assert _stock(shelf.rye) == (10, 2)
    assert pay(order, key="three") == "succeeded"
    assert pay(order, key="three") == "succeeded"
    assert pay(order, method="sandbox-declined", key="one") == "declined"
    assert Payment.objects.count() == 3
    assert _stock(shelf.rye) == (8, 0)
    with pytest.raises(OrderRefused):
        pay(order, key="four")


def test_a_bank_s_confirmation_is_checked_and_counts_once(
    visit: QuoteContext, shelf: Shelf
) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye)
    order = place(visit)
    ask = {"order_id": order.order_id, "method": "sandbox-secure", "now": NOON}
    given_up = start_payment(**ask, idempotency_key="a")
    assert confirm_payment(
        payment_id=given_up.payment_id, action_token="", approved=False, now=NOON
    ).state == ("declined")
    step = start_payment(**ask, idempotency_key="b")
    assert step.state == "needs_action"
    assert start_payment(**ask, idempotency_key="b").action_token == step.action_token
    assert continue_payment(payment_id=step.payment_id).action_token == step.action_token
    for token in ("", given_up.action_token):
        with pytest.raises(PaymentRefused) as refusal:
            confirm_payment(payment_id=step.payment_id, action_token=token, approved=True, now=NOON)
        assert refusal.value.code == "bad_action_token"
    answer = {"action_token": step.action_token, "now": NOON}
    for _ in range(2):
        done = confirm_payment(payment_id=step.payment_id, approved=True, **answer)
        assert done.state == "succeeded"
    assert _stock(shelf.rye) == (9, 0)


def test_a_refused_confirmation_charges_nothing(visit: QuoteContext, shelf: Shelf) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye)
    order = place(visit)
    step = start_payment(
        order_id=order.order_id, method="sandbox-secure", idempotency_key="a", now=NOON
    )
    done = confirm_payment(
        payment_id=step.payment_id, action_token=step.action_token, approved=False, now=NOON
    )
    assert (done.state, done.message) == (
        "declined",
        "The payment was not confirmed. Nothing was charged.",
    )
    assert get_order_by_token(token=order.token, now=NOON).is_payable


def test_an_unpaid_order_expires_and_gives_everything_back(
    visit: QuoteContext, shelf: Shelf
) -> None:
    make_campaign("hello", amount_minor=100, code="HELLO", budget_minor=100, uses=1)
    add_to_cart(context=visit, variant_id=shelf.rye, quantity=2)
    apply_coupon(context=visit, code="HELLO")
    order = place(visit)
    late = NOON + timedelta(minutes=60)
    assert expire_reservations(now=late) == 0
    assert expire_unpaid_orders(now=NOON + timedelta(minutes=59)) == 0
    assert [expire_unpaid_orders(now=late) for _ in range(2)] == [1, 0]
    assert _stock(shelf.rye) == (10, 0)
    assert (Coupon.objects.get().redeemed, Campaign.objects.get().spent_minor) == (0, 0)
    assert (
        get_order_by_token(token=order.token, now=NOON).status_text == "Canceled: not paid in time"
    )
    with pytest.raises(OrderRefused):
        pay(order, now=late)


def test_money_that_comes_after_the_end_goes_back_at_once(
    visit: QuoteContext, shelf: Shelf
) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye)
    order = place(visit)
    step = start_payment(
        order_id=order.order_id, method="sandbox-secure", idempotency_key="a", now=NOON
    )
    late = NOON + timedelta(hours=2)
    expire_unpaid_orders(now=late)
    done = confirm_payment(
        payment_id=step.payment_id, action_token=step.action_token, approved=True, now=late
    )
    assert (done.state, done.reason_code) == ("refunded", "order_closed")
    payment = Payment.objects.get()
    assert (payment.refunded_minor, payment.amount_minor) == (799, 799)
    assert _stock(shelf.rye) == (10, 0)


def test_a_late_payment_sells_what_remains_or_is_refunded(
    visit: QuoteContext, shelf: Shelf
) -> None:
    late = NOON + timedelta(hours=2)
    for quantity, expected in ((6, "succeeded"), (4, "refunded")):
        shopper = context_of(make_shopper())
        add_to_cart(context=shopper, variant_id=shelf.rye, quantity=quantity)
        order = place(shopper)
        step = start_payment(
            order_id=order.order_id,
            method="sandbox-secure",
            idempotency_key=order.number,
            now=NOON,
        )
        expire_reservations(now=late)
        if expected == "refunded":
            rival = context_of(make_shopper(), late)
            add_to_cart(context=rival, variant_id=shelf.rye, quantity=1)
            start_checkout(context=rival)
        done = confirm_payment(
            payment_id=step.payment_id, action_token=step.action_token, approved=True, now=late
        )
        assert done.state == expected
    assert _stock(shelf.rye) == (4, 1)
    assert sorted(Order.objects.values_list("status", flat=True)) == ["expired", "paid"]


def test_a_free_order_is_paid_at_once_and_cancelable(
    visit: QuoteContext, shelf: Shelf, prices: FakePrices
) -> None:
    prices.has_floors = False
    make_campaign("gift", amount_minor=300)
    add_to_cart(context=visit, variant_id=shelf.rye)
    order = place(visit, delivery_method="pickup")
    assert (order.total_minor, order.status, _stock(shelf.rye)) == (0, "paid", (9, 0))
    cancelled = cancel_order(order_id=order.order_id, reason="shopper", now=NOON)
    assert (cancelled.status, _stock(shelf.rye)) == ("cancelled", (10, 0))


def test_free_is_no_way_to_pay_for_what_costs_something(visit: QuoteContext, shelf: Shelf) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye)
    order = place(visit)
    with pytest.raises(PaymentRefused):
        pay(order, method="free")
    assert not Event.objects.filter(kind="purchase").exists()
