"""Payments nobody answered for: settled, given back or failed for good, and each only once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from orders.admin.timeline import list_timeline
from orders.cart.services.carts import add_to_cart
from orders.checkout.services.cancelling import expire_unpaid_orders
from orders.models import Order, OrderEvent
from orders.payments.api import confirm_payment, count_troubled, settle_due_payments, start_payment
from orders.payments.core.values import Charge, Outcome, ProviderDown, RefundOutcome
from orders.payments.models import Payment
from orders.payments.providers import table
from orders.payments.services.outcomes import apply_outcome
from orders.payments.tasks import settle_due_payments as settle_due_payments_job
from pricing.base.core.values import QuoteContext
from shop.ground.inventory.models import StockRecord
from shop.ground.jobs.models import JobRun
from shop.ground.kernel.clock import utc_now
from tests.factories.orders import NOON, FakePrices, Shelf, context_of, make_shopper, pay, place

pytestmark = pytest.mark.django_db
SOON, LATE = NOON + timedelta(minutes=11), NOON + timedelta(hours=2)


TAKEN = Outcome("succeeded", "b-1", captured_minor=799, currency="USD")


@dataclass
class Bank:
    """A bank that may take the money and lose the line before it says so."""

    code: str = "bank"
    is_configured: bool = True
    is_sandbox: bool = True
    knows: Outcome | None = None
    is_down: bool = True
    asked: int = 0
    refunds: list[int] = field(default_factory=list)

    publishable_key: str = ""

    def authorise(self, charge: Charge, *, approval: str | None = None) -> Outcome:
        raise ProviderDown("The line is dead.")

    def look_up(self, charge: Charge) -> Outcome | None:
        self.asked += 1
        if self.is_down:
            raise ProviderDown("The line is dead.")
        return self.knows

    def void(self, charge: Charge) -> Outcome:
        return Outcome("declined", "b-1", "not_confirmed")

    def refund(
        self, charge: Charge, *, amount_minor: int, key: str, refund_ref: str = ""
    ) -> RefundOutcome:
        self.refunds.append(amount_minor)
        return RefundOutcome("succeeded", f"{charge.provider_ref}-{key}")


@pytest.fixture
def bank(monkeypatch: pytest.MonkeyPatch) -> Bank:
    """A bank behind the way to pay "bank"."""
    made = Bank()
    methods: Mapping[str, object] = {**table.METHOD_PROVIDERS, "bank": made}
    monkeypatch.setattr(table, "METHOD_PROVIDERS", methods)
    return made


@pytest.fixture
def visit(prices: FakePrices, shelf: Shelf) -> QuoteContext:
    context = context_of(make_shopper())
    add_to_cart(context=context, variant_id=shelf.rye)
    return context


def stock(variant_id: int) -> tuple[int, int]:
    record = StockRecord.objects.get(variant_id=variant_id)
    return record.on_hand, record.reserved


def test_money_that_was_taken_during_an_outage_pays_the_order(
    visit: QuoteContext, shelf: Shelf, bank: Bank
) -> None:
    order = place(visit)
    assert pay(order, method="bank") == "failed"
    assert settle_due_payments(now=NOON + timedelta(seconds=110)) == 0
    assert (bank.asked, settle_due_payments(now=SOON)) == (0, 0)  # still down: asked again later
    bank.is_down, bank.knows = False, TAKEN
    later = SOON + timedelta(minutes=2)
    assert [settle_due_payments(now=later) for _ in range(2)] == [1, 0]
    assert Order.objects.get(pk=order.order_id).status == "paid"
    payment = Payment.objects.get()
    assert (payment.state, payment.provider_ref) == ("succeeded", "b-1")
    assert stock(shelf.rye) == (9, 0)
    assert (bank.refunds, bank.asked) == ([], 2)


def test_whoever_paid_another_way_meanwhile_gets_the_first_money_back(
    visit: QuoteContext, bank: Bank
) -> None:
    order = place(visit)
    pay(order, method="bank", key="one")
    assert pay(order, key="two") == "succeeded"
    bank.is_down, bank.knows = False, TAKEN
    assert [settle_due_payments(now=SOON) for _ in range(2)] == [2, 0]  # found, and sent back
    assert bank.refunds == [799]
    first = Payment.objects.get(method="bank")
    assert (first.state, first.reason_code) == ("refunded", "order_closed")
    assert Payment.objects.filter(state="succeeded").count() == 1


def test_money_for_an_order_that_expired_goes_back(visit: QuoteContext, bank: Bank) -> None:
    pay(place(visit), method="bank")
    expire_unpaid_orders(now=LATE)
    bank.is_down, bank.knows = False, TAKEN
    assert [settle_due_payments(now=LATE) for _ in range(2)] == [2, 0]
    assert bank.refunds == [799]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"captured_minor": 1}, "$0.01 (USD)"),
        ({"captured_minor": 800}, "$8.00 (USD)"),
        ({"currency": "EUR"}, "€7.99 (EUR)"),
    ],
)
def test_other_money_than_was_asked_for_pays_no_order(
    visit: QuoteContext, shelf: Shelf, bank: Bank, wrong: dict[str, Any], said: str
) -> None:
    order = place(visit)
    pay(order, method="bank")
    bank.is_down, bank.knows = False, replace(TAKEN, **wrong)
    assert [settle_due_payments(now=SOON) for _ in range(2)] == [1, 0]
    payment = Payment.objects.select_related("order").get()
    assert (payment.state, payment.reason_code) == ("declined", "amount_differs")
    assert payment.order.status == "awaiting_payment"
    assert (payment.captured_minor, bank.refunds) == (0, [])
    assert stock(shelf.rye) == (10, 1)
    assert count_troubled(now=SOON) == 1
    [line] = [one["said"] for one in list_timeline(payment.order) if "not paid" in one["said"]]
    assert line.startswith(f"The provider has {said}, which is not what was asked for")
    # Told once; given back in the provider's dashboard, it is no trouble any more.
    for refunded, news, troubled in ((0, False, 1), (bank.knows.captured_minor, True, 0)):
        told = replace(bank.knows, refunded_minor=refunded)
        assert apply_outcome(payment, told, now=SOON) is news
        assert count_troubled(now=SOON) == troubled
    assert payment.order.events.filter(kind="payment_differs").count() == 1


def test_other_money_that_is_reserved_is_set_free(visit: QuoteContext, bank: Bank) -> None:
    pay(place(visit), method="bank")
    reserved = Outcome("authorized", "b-1", authorized_minor=1, currency="USD")
    bank.is_down, bank.knows = False, reserved
    settle_due_payments(now=SOON)
    payment = Payment.objects.select_related("order").get()
    assert (payment.state, payment.due_step) == ("voided", "void")
    assert payment.order.status == "awaiting_payment"


@pytest.mark.parametrize(
    "wrong", [{"captured_minor": 1}, {"captured_minor": 800}, {"currency": "EUR"}]
)
def test_other_money_taken_than_was_reserved_is_told_once(
    visit: QuoteContext, bank: Bank, wrong: dict[str, Any]
) -> None:
    pay(place(visit), method="bank")
    bank.is_down = False
    bank.knows = Outcome("authorized", "b-1", authorized_minor=799, currency="USD")
    settle_due_payments(now=SOON)
    payment = Payment.objects.select_related("order").get()
    assert (payment.state, payment.order.status) == ("authorized", "paid")
    taken = replace(TAKEN, **wrong)
    assert [apply_outcome(payment, taken, now=SOON) for _ in range(3)] == [True, False, False]
    assert (payment.state, payment.reason_code) == ("authorized", "amount_differs")
    assert count_troubled(now=SOON) == 1
    assert payment.order.events.filter(kind="payment_differs").count() == 1


def test_what_the_bank_never_saw_has_failed_for_good(visit: QuoteContext, shelf: Shelf) -> None:
    order = place(visit)
    pay(order, method="sandbox-outage")
    assert [settle_due_payments(now=SOON) for _ in range(2)] == [1, 0]
    payment = Payment.objects.get()
    assert (payment.state, payment.reason_code) == ("failed", "never_charged")
    assert OrderEvent.objects.filter(kind="payment_failed").count() == 1
    assert stock(shelf.rye) == (10, 1)
    assert pay(order, key="another", now=SOON) == "succeeded"


def test_an_attempt_whose_process_died_is_finished(visit: QuoteContext) -> None:
    order = place(visit)
    pay(order, method="sandbox-declined")
    Payment.objects.update(state="started", reason_code="", settled_at=None, due_at=SOON)
    assert settle_due_payments(now=SOON) == 1
    assert Payment.objects.get().state == "declined"
    Payment.objects.update(state="started", method="sandbox-card", reason_code="", due_at=SOON)
    assert settle_due_payments(now=SOON) == 1
    assert Order.objects.get(pk=order.order_id).status == "paid"


def test_a_payment_is_confirmable_while_the_order_is_open(visit: QuoteContext) -> None:
    order = place(visit)
    step = start_payment(
        order_id=order.order_id, method="sandbox-secure", idempotency_key="a", now=NOON
    )
    assert settle_due_payments(now=SOON) == 0
    assert Payment.objects.get().state == "needs_action"
    expire_unpaid_orders(now=LATE)
    assert [settle_due_payments(now=LATE) for _ in range(2)] == [1, 0]
    done = confirm_payment(
        payment_id=step.payment_id, action_token=step.action_token, approved=True, now=LATE
    )
    assert (done.state, done.reason_code) == ("declined", "not_confirmed")


def test_a_silent_bank_is_asked_once_a_run(prices: FakePrices, shelf: Shelf, bank: Bank) -> None:
    for _ in range(3):
        visit = context_of(make_shopper())
        add_to_cart(context=visit, variant_id=shelf.rye)
        pay(place(visit), method="bank")
    assert settle_due_payments(now=SOON) == 0
    assert bank.asked == 1


def test_each_run_is_recorded(visit: QuoteContext) -> None:
    pay(place(visit), method="sandbox-outage")
    Payment.objects.update(due_at=utc_now())
    assert settle_due_payments_job.apply().get() == 1
    run = JobRun.objects.get(name="settle_due_payments")
    assert (run.outcome, run.rows) == ("ok", 1)
