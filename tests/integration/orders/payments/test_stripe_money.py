"""Stripe through its own library, what is captured, voided and given back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from orders.cart.services.carts import add_to_cart
from orders.checkout.services.cancelling import cancel_order
from orders.fulfilment.api import pack_order
from orders.models import Order, OrderEvent
from orders.payments.api import (
    PaymentStep,
    RefundPart,
    capture_payment,
    reconcile_payments,
    refund_order,
    retry_refund,
    settle_due_payments,
    start_payment,
    take_event,
)
from orders.payments.models import Payment, Refund
from orders.payments.selectors import find_troubled
from pricing.base.core.values import QuoteContext
from shop.ground.inventory.models import StockRecord
from shop.ground.kernel.clock import utc_now
from shop.ground.outbox.models import Fact
from tests.factories.fake_stripe import (
    Event,
    FakeStripe,
)
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


def test_money_reserved_is_taken_when_packed_less_what_was_refunded(
    visit: QuoteContext, stripe: FakeStripe, settings: Any
) -> None:
    settings.CAPTURE_PAYMENTS = "at_packing"
    step = start(visit)
    stripe.confirm(intent_of(step))
    deliver(*stripe.events)
    settle()
    order = Order.objects.get()
    line = order.lines.get()
    payment = Payment.objects.get()
    assert (is_paid(), payment.state, payment.captured_minor) == (True, "authorized", 0)
    ask = {"order_id": order.pk, "reason": "dent", "now": NOW}
    refund_order(parts=[RefundPart(line.pk, 1)], idempotency_key="before", **ask)
    assert not stripe.refunds
    pack_order(order_id=order.pk, now=NOW)
    capture_payment(order_id=order.pk, now=NOW)  # asking again changes nothing
    assert [settle(), settle()] == [1, 0]
    payment.refresh_from_db()
    assert (payment.state, payment.captured_minor, stripe.held()) == (
        "succeeded",
        799,
        {order.number: 799},
    )
    refund_order(parts=[RefundPart(line.pk, 1)], idempotency_key="after", **ask)
    assert [settle(), settle()] == [1, 0]
    assert stripe.held() == {}
    assert list(Refund.objects.values_list("amount_minor", "is_reduction", "state")) == [
        (300, True, "succeeded"),
        (799, False, "succeeded"),
    ]
    assert Fact.objects.filter(kind="OrderRefunded").count() == 2


def test_canceling_before_capture_voids_and_afterwards_refunds(
    visit: QuoteContext, stripe: FakeStripe, settings: Any
) -> None:
    settings.CAPTURE_PAYMENTS = "at_packing"
    step = start(visit)
    stripe.confirm(intent_of(step))
    reconcile_payments(now=NOW)
    order = Order.objects.get()
    cancel_order(order_id=order.pk, reason="shopper", now=NOW)
    assert stripe.held() == {order.number: 1_099}  # told after the commit
    assert [settle(), settle()] == [1, 0]
    assert (stripe.held(), Payment.objects.get().state) == ({}, "voided")
    # The bank was faster: what it took all the same goes back
    stripe.revive(intent_of(step))
    stripe.capture(intent_of(step), {})
    assert reconcile_payments(now=NOW) == 1
    assert [settle(), settle()] == [1, 0]
    assert stripe.held() == {}


def test_a_refund_is_sent_once_however_often_the_line_breaks(
    visit: QuoteContext, stripe: FakeStripe
) -> None:
    step = start(visit)
    stripe.confirm(intent_of(step))
    settle(NOW + timedelta(minutes=3))
    order = Order.objects.get()
    refund_order(
        order_id=order.pk,
        parts=[RefundPart(order.lines.get().pk, 1)],
        reason="dent",
        idempotency_key="r",
        now=NOW,
    )
    stripe.faults.lost_after = 1
    assert settle() == 0
    stripe.faults.lost_after = 0
    stripe.answers.clear()  # keys are forgotten after a day
    assert Refund.objects.get().state == "pending"
    assert settle(LATE) == 1
    assert (len(stripe.refunds), stripe.held()) == (1, {order.number: 799})
    assert Refund.objects.get().state == "succeeded"


def test_a_failed_refund_is_reported_and_tried_again(
    visit: QuoteContext, stripe: FakeStripe
) -> None:
    step = start(visit)
    stripe.confirm(intent_of(step))
    settle(NOW + timedelta(minutes=3))
    order = Order.objects.get()
    stripe.failing_refunds = 1
    cancel_order(order_id=order.pk, reason="shopper", now=NOW)
    settle()
    refund = Refund.objects.get()
    assert (refund.state, refund.failure_code) == ("failed", "expired_or_canceled_card")
    assert OrderEvent.objects.filter(kind="refund_failed").count() == 1
    assert settle(LATE) == 0
    assert [retry_refund(refund_id=refund.pk, now=NOW) for _ in range(2)] == [True, False]
    assert settle() == 1
    refund.refresh_from_db()
    assert (refund.state, refund.round, stripe.held()) == ("succeeded", 1, {})


def test_a_refund_in_the_dashboard_is_recorded_once(
    visit: QuoteContext, stripe: FakeStripe
) -> None:
    step = start(visit)
    stripe.confirm(intent_of(step))
    settle(NOW + timedelta(minutes=3))
    order = Order.objects.get()
    line = order.lines.get()
    stripe.refund_by_hand(intent_of(step), 250)
    deliver(*stripe.events[-2:], stripe.events[-1])
    assert settle() == 1
    assert reconcile_payments(now=NOW) == 0  # known already
    refund = Refund.objects.get()
    assert (refund.amount_minor, refund.reason, refund.state) == (250, "at_provider", "succeeded")
    order.refresh_from_db()
    payment = Payment.objects.get()
    assert (order.status, order.refunded_minor, payment.refunded_minor) == ("paid", 250, 250)
    assert OrderEvent.objects.get(kind="refund_found").detail["amount_minor"] == 250
    assert list(find_troubled(Payment.objects.all(), now=NOW)) == [payment]

    # Staff say which piece it was for: only what is left of its price is sent.
    before = StockRecord.objects.get(variant_id=line.variant_id).on_hand
    parts = [RefundPart(line.pk, 1, restocked=1)]
    refund_order(order_id=order.pk, parts=parts, reason="came back", idempotency_key="k", now=NOW)
    settle()
    order.refresh_from_db()
    line.refresh_from_db()
    assert StockRecord.objects.get(variant_id=line.variant_id).on_hand == before + 1
    assert order.refunded_minor == line.refunded_minor == 300
    assert stripe.held() == {order.number: order.total_minor - line.refunded_minor}
    assert not find_troubled(Payment.objects.all(), now=NOW).exists()


def test_a_missed_dashboard_refund_is_found_and_ends_the_order(
    visit: QuoteContext, stripe: FakeStripe
) -> None:
    step = start(visit)
    stripe.confirm(intent_of(step))
    settle(NOW + timedelta(minutes=3))
    order = Order.objects.get()
    stripe.intents[intent_of(step)]["created"] -= 90 * 86_400  # a charge of long ago
    stripe.refund_by_hand(intent_of(step), order.total_minor)
    assert reconcile_payments(now=NOW) == 1
    assert (reconcile_payments(now=NOW), Refund.objects.count()) == (0, 1)
    order.refresh_from_db()
    assert (order.status, order.refunded_minor) == ("paid", order.total_minor)
    cancel_order(order_id=order.pk, reason="refunded", now=NOW)
    settle()
    order.refresh_from_db()
    assert (order.status, order.refunded_minor) == ("cancelled", order.total_minor)
    assert stripe.held() == {}
    assert sum(stripe_refund["amount"] for stripe_refund in stripe.refunds.values()) == (
        order.total_minor
    )
