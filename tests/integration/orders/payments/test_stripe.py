"""Stripe through its own library, against a server that speaks its API and misbehaves."""

from __future__ import annotations

import os
import random
from datetime import timedelta
from typing import Any

import pytest

from orders.cart.services.carts import add_to_cart
from orders.checkout.services.cancelling import expire_unpaid_orders
from orders.models import Order, OrderEvent
from orders.payments.api import (
    EventRefused,
    PaymentStep,
    confirm_payment,
    continue_payment,
    reconcile_payments,
    settle_due_payments,
    start_payment,
    take_event,
)
from orders.payments.models import Payment, PaymentEvent
from pricing.base.core.values import QuoteContext
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.services import receive_stock
from shop.ground.kernel.clock import utc_now
from tests.factories.fake_stripe import (
    DECLINED,
    PUBLISHABLE_KEY,
    SECURE,
    Event,
    FakeStripe,
    Refused,
    sign,
)
from tests.factories.many_payments import check_books, pay_many
from tests.factories.orders import FakePrices, Shelf, context_of, make_shopper, place

pytestmark = pytest.mark.django_db
NOW = utc_now()  # signatures have an age, so these tests live today
LATE = NOW + timedelta(hours=2)


@pytest.fixture
def visit(prices: FakePrices, shelf: Shelf) -> QuoteContext:
    context = context_of(make_shopper(), NOW)
    add_to_cart(context=context, variant_id=shelf.rye, quantity=2)
    return context


def start(visit: QuoteContext, key: str = "a") -> PaymentStep:
    order = Order.objects.first() or Order.objects.get(pk=place(visit).order_id)
    return start_payment(order_id=order.pk, method="stripe", idempotency_key=key, now=NOW)


def intent_of(step: PaymentStep) -> str:
    return step.action_token.split("_secret_")[0]


def deliver(*events: Event) -> list[bool]:
    given = {"provider_code": "stripe", "now": NOW}
    return [take_event(body=each.body, headers=each.headers, **given) for each in events]


def settle(now: Any = NOW) -> int:
    return settle_due_payments(now=now + timedelta(seconds=1))


def is_paid() -> bool:
    return Order.objects.get().status == "paid"


def test_a_webhook_pays_the_order_that_the_form_began(
    visit: QuoteContext, stripe: FakeStripe
) -> None:
    step = start(visit)
    assert (step.state, step.provider, step.publishable_key) == (
        "needs_action",
        "stripe",
        PUBLISHABLE_KEY,
    )
    assert continue_payment(payment_id=step.payment_id) == step
    assert start(visit) == step
    intent = stripe.intents[intent_of(step)]
    order = Order.objects.get()
    assert (intent["amount"], intent["currency"]) == (order.total_minor, "usd")
    assert intent["metadata"] == {
        "order": order.number,
        "payment": str(step.payment_id),
        "shop": "testserver",
    }
    stripe.confirm(intent["id"])
    done = stripe.events[-1]
    assert deliver(done, done) == [True, False]
    assert not is_paid()  # the webhook only asks to look
    assert settle() == 1
    payment = Payment.objects.get()
    assert (is_paid(), payment.state, payment.captured_minor) == (True, "succeeded", 1_099)
    assert (settle(), payment.due_at) == (0, None)


def test_an_event_counts_only_with_a_fresh_signature(
    visit: QuoteContext, stripe: FakeStripe
) -> None:
    start(visit)
    good = stripe.events[-1]
    changed = good.body.replace(b"pi_fake", b"pi_fame")
    old = int(NOW.timestamp()) - 400
    refused = {
        "changed": (changed, good.headers),
        "other secret": (good.body, {"Stripe-Signature": sign(good.body, secret="whsec_other")}),
        "old": (good.body, {"Stripe-Signature": sign(good.body, at=old)}),
        "none": (good.body, {}),
        "no event": (b"[]", {"Stripe-Signature": sign(b"[]")}),
        "no text": (b"\xff", {"Stripe-Signature": sign(b"\xff")}),
    }
    for body, headers in refused.values():
        with pytest.raises(EventRefused):
            take_event(provider_code="stripe", body=body, headers=headers, now=NOW)
    assert not PaymentEvent.objects.exists()
    assert deliver(good) == [True]  # the control; nobody waits for this kind, it is kept
    assert PaymentEvent.objects.get().provider_ref == ""


def test_events_in_any_order_never_undo_a_newer_state(
    visit: QuoteContext, stripe: FakeStripe
) -> None:
    step = start(visit)
    with pytest.raises(Refused):
        stripe.confirm(intent_of(step), DECLINED)
    deliver(stripe.events[-1])
    settle()
    seen = Payment.objects.get()
    assert (seen.state, seen.reason_code) == ("needs_action", "declined")
    stripe.confirm(intent_of(step), SECURE)
    stripe.confirm(intent_of(step), SECURE)
    for event in reversed(stripe.events):
        deliver(event)
        settle()
        assert is_paid()
    kinds = OrderEvent.objects.values_list("kind", flat=True)
    assert (kinds.filter(kind="paid").count(), kinds.filter(kind="payment_declined").count()) == (
        1,
        1,
    )


def test_a_lost_webhook_is_found_and_nobody_charged_twice(
    visit: QuoteContext, stripe: FakeStripe
) -> None:
    stripe.faults.lost_after = 1
    assert start(visit).state == "failed"
    stripe.faults.lost_after = 0
    assert len(stripe.intents) == 1  # made, and nobody knows its secret
    step = start(visit, "b")
    stripe.confirm(intent_of(step))
    assert [reconcile_payments(now=NOW) for _ in range(2)] == [2, 0]  # one pays, one is ended
    assert is_paid()
    assert sorted(Payment.objects.values_list("state", "reason_code")) == [
        ("declined", "not_confirmed"),
        ("succeeded", ""),
    ]
    assert sorted(each["status"] for each in stripe.intents.values()) == ["canceled", "succeeded"]


def test_a_closed_order_keeps_no_money(visit: QuoteContext, stripe: FakeStripe) -> None:
    step = start(visit)
    expire_unpaid_orders(now=LATE)
    settle(LATE)
    assert stripe.intents[intent_of(step)]["status"] == "canceled"
    assert Payment.objects.get().state == "declined"
    stripe.revive(intent_of(step))
    assert reconcile_payments(now=LATE) == 1
    assert [settle(LATE), settle(LATE)] == [1, 0]
    assert stripe.held() == {}
    assert Payment.objects.get().reason_code == "order_closed"


def test_an_intent_without_a_payment_is_given_back(visit: QuoteContext, stripe: FakeStripe) -> None:
    step = start(visit)
    stripe.confirm(intent_of(step))
    other = stripe.create({"amount": "500", "currency": "usd", "metadata[order]": "another shop's"})
    stripe.confirm(other["id"])
    Payment.objects.all().delete()  # a backup from before
    assert [reconcile_payments(now=NOW) for _ in range(2)] == [1, 0]
    assert stripe.held() == {"another shop's": 500}


def test_a_shopper_may_give_up_and_a_dispute_is_told(
    visit: QuoteContext, stripe: FakeStripe
) -> None:
    first = start(visit)
    given_up = confirm_payment(
        payment_id=first.payment_id, action_token="", approved=False, now=NOW
    )
    assert (given_up.state, given_up.reason_code) == ("declined", "not_confirmed")
    second = start(visit, "b")
    stripe.confirm(intent_of(second))
    paid = confirm_payment(payment_id=second.payment_id, action_token="", approved=True, now=NOW)
    assert paid.state in ("succeeded", "authorized")
    stripe.dispute(intent_of(second))
    opened = stripe.events[-1]
    stripe.dispute(intent_of(second), "lost")
    deliver(stripe.events[-1], opened)
    assert Payment.objects.get(pk=second.payment_id).dispute == "lost"
    assert OrderEvent.objects.filter(kind__startswith="dispute").get().kind == "dispute_lost"


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_many_payments_over_a_bad_connection_are_taken_once(
    busy_shop: tuple[Shelf, FakePrices], stripe: FakeStripe, settings: Any
) -> None:
    settings.CAPTURE_PAYMENTS = "at_packing"
    shelf, _ = busy_shop
    count = int(os.environ.get("PAYMENTS", "24"))
    receive_stock(lines=[StockLine(shelf.rye, 3 * count)], reference="more", now=NOW)
    tally = pay_many(stripe, shelf, count=count, luck=random.Random(5), now=NOW)
    assert check_books(stripe) == []
    assert sum(tally.values()) == count
    assert min(tally["paid"], tally["closed"]) > count / 10
