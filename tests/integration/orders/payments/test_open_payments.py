"""One attempt to pay is open at a time, whoever presses and however often."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from orders.cart.services.carts import add_to_cart
from orders.payments.api import start_payment
from orders.payments.models import Payment
from orders.refusals import PaymentRefused
from orders.values import OrderView
from pricing.base.core.values import QuoteContext
from shop.ground.kernel.errors import FairtagError
from tests.factories.orders import NOON, FakePrices, Shelf, context_of, make_shopper, pay, place
from tests.factories.races import race


def _visit(shelf: Shelf) -> QuoteContext:
    visit = context_of(make_shopper())
    add_to_cart(context=visit, variant_id=shelf.rye)
    return visit


@pytest.mark.django_db
def test_one_attempt_is_open_at_a_time(prices: FakePrices, shelf: Shelf) -> None:
    order = place(_visit(shelf))
    ask = {"order_id": order.order_id, "now": NOON}
    step = start_payment(**ask, method="sandbox-secure", idempotency_key="a")
    for method in ("sandbox-secure", "sandbox-card"):
        with pytest.raises(PaymentRefused) as refusal:
            start_payment(**ask, method=method, idempotency_key=f"b-{method}")
        assert refusal.value.code == "payment_open"
        assert refusal.value.detail == {"payment_id": str(step.payment_id)}
    assert Payment.objects.count() == 1
    with pytest.raises(IntegrityError, match="payment_one_open"), transaction.atomic():
        Payment.objects.create(
            order_id=order.order_id,
            provider="sandbox",
            method="sandbox-card",
            currency="USD",
            amount_minor=1,
            idempotency_key="past the lock",
            created_at=NOON,
        )


def test_of_payments_that_start_at_once_one_is_open(busy_shop: tuple[Shelf, FakePrices]) -> None:
    shelf, _ = busy_shop
    orders = [place(_visit(shelf), key=f"k{n}") for n in range(4)]
    attempts = [(order, n) for order in orders for n in range(2)]

    def press(order: OrderView, n: int) -> str:
        key = f"{order.number}-{n}"
        try:
            return pay(order, method="sandbox-secure", key=key)
        except FairtagError as refusal:
            return refusal.code

    answers = race(lambda n: press(*attempts[n]), len(attempts))
    pairs = [sorted(answers[n : n + 2]) for n in range(0, len(answers), 2)]
    assert pairs == [["needs_action", "payment_open"]] * len(orders)
    assert Payment.objects.filter(state="needs_action").count() == len(orders)
    # The control: with keys of the same attempt both are answered, and it is one attempt.
    same = place(_visit(shelf), key="same")
    both = race(lambda _: pay(same, method="sandbox-secure", key="one"), 2, workers=2)
    assert (both, _count_attempts(same)) == (["needs_action"] * 2, 1)


def _count_attempts(order: OrderView) -> int:
    return Payment.objects.filter(order_id=order.order_id).count()
