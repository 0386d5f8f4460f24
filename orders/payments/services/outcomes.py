"""Apply what a provider says about a payment. Answers may come twice, late and in any order."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Sum

from orders.metrics import payments_total
from orders.order.api import close_unpaid, describe_step, lock_order_step, note, settle_paid
from orders.order.core import OrderStatus
from orders.order.models import Order
from orders.payments.core.values import Charge, Outcome
from orders.payments.models import Payment, Refund
from promotions.coupons.api import UseRefused
from shop.ground.database.retrying import try_twice
from shop.ground.inventory.services import OutOfStock
from shop.ground.outbox.services import write_fact

State, Step = Payment.State, Payment.Step
OPEN_STATES = (State.STARTED, State.NEEDS_ACTION)
SECURED = (State.AUTHORIZED, State.SUCCEEDED)
ASK_AGAIN = timedelta(minutes=1)
# Why a payment that the provider has pays nothing: it differs, or differed and went back.
DIFFERS, RETURNED = "amount_differs", "amount_returned"


def describe_charge(payment: Payment) -> Charge:
    """Return the attempt as providers see it. The order must be loaded."""
    return Charge(
        payment_id=payment.pk,
        order_number=payment.order.number,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        method=payment.method,
        is_captured_later=payment.is_captured_later,
        provider_ref=payment.provider_ref,
    )


def is_unanswered(payment: Payment) -> bool:
    """Return whether it is not known yet what became of an attempt; `UNANSWERED` for one row."""
    is_lost = payment.state == State.FAILED and payment.reason_code == "provider_down"
    return is_lost or payment.state in OPEN_STATES


def find_secured(order: Order) -> Payment | None:
    """Return the payment that pays the order, authorized or captured."""
    return Payment.objects.filter(order=order, state__in=SECURED).first()


@try_twice
@transaction.atomic
def apply_outcome(payment: Payment, outcome: Outcome, *, now: datetime) -> bool:
    """Write the provider's answer; return whether it was news. Locks the order's step.

    An answer never undoes a newer one: what is taken stays taken. Money for an order that is no
    longer open goes back, and an answer that comes after an outage or a refusal still counts.
    """
    order = lock_order_step(payment.order_id)
    asked_at = payment.due_at
    payment.refresh_from_db()
    is_asked_again = payment.due_at != asked_at
    if outcome.state in (State.AUTHORIZED, State.SUCCEEDED):
        is_news = _secure(order, payment, outcome, now)
    elif outcome.state == State.NEEDS_ACTION:
        is_news = _wait(order, payment, outcome, now)
    else:
        is_news = _end(order, payment, outcome, now)
    if is_asked_again and payment.due_at is None:
        payment.due_at = now  # an event came while the provider was asked
    payment.save()
    if is_news:
        payments_total.labels(state=payment.state).inc()
    return is_news


def plan_step(payment: Payment, step: Payment.Step, *, now: datetime) -> None:
    """Have `step` sent to the provider once this transaction is committed; the caller saves."""
    payment.due_step, payment.due_at, payment.tries = step, now, 0
    tell_due(payment.order_id, now=now)


def tell_due(order_id: int, *, now: datetime) -> None:
    """Wake the worker that talks to providers, once this transaction is committed."""
    write_fact(kind="PaymentDue", payload={"order_id": order_id}, occurred_at=now)


def _rest(payment: Payment) -> None:
    payment.due_step, payment.due_at, payment.tries = Step.NONE, None, 0


def _secure(order: Order, payment: Payment, outcome: Outcome, now: datetime) -> bool:
    """The money is reserved or taken: the order is paid, or the money goes back.

    Money of another amount or currency than was asked for pays no order.
    """
    if payment.state == State.AUTHORIZED:
        return _note_captured(order, payment, outcome, now)
    if payment.state in (State.SUCCEEDED, State.REFUNDED):
        _rest(payment)
        return False
    if payment.state == State.VOIDED and outcome.state == State.AUTHORIZED:
        plan_step(payment, Step.VOID, now=now)  # its end was asked for, and did not happen yet
        return False
    if differs(payment, outcome):
        return _refuse(order, payment, outcome, now)
    _rest(payment)
    payment.state, payment.settled_at = State(outcome.state), now
    payment.provider_ref, payment.reason_code = outcome.provider_ref, ""
    payment.captured_minor = outcome.captured_minor
    others = Payment.objects.filter(order=order, state__in=SECURED).exclude(pk=payment.pk)
    if order.status != OrderStatus.AWAITING_PAYMENT or others.exists():
        _release(order, payment, now)
        return True
    try:
        # A savepoint: if products or offers went to others, what was locked and written is undone
        with transaction.atomic():
            settle_paid(order, now=now)
    except (OutOfStock, UseRefused):
        order.refresh_from_db()
        close_unpaid(order, OrderStatus.EXPIRED, now=now)
        _release(order, payment, now)
    return True


def differs(payment: Payment, outcome: Outcome) -> bool:
    """Return whether a provider has other money than was asked for: amount and currency agree."""
    is_taken = outcome.state == State.SUCCEEDED
    amount = outcome.captured_minor if is_taken else outcome.authorized_minor
    return (amount, outcome.currency) != (payment.amount_minor, payment.currency)


def _refuse(order: Order, payment: Payment, outcome: Outcome, now: datetime) -> bool:
    """Other money than was asked for pays nothing: staff are told, and send nothing.

    What is reserved is set free. What was taken is given back at the provider, by people: it may
    be in another currency. Once it is back, nobody needs to look any more.
    """
    is_told = payment.reason_code in (DIFFERS, RETURNED)
    _rest(payment)
    is_back = 0 < outcome.captured_minor <= outcome.refunded_minor
    payment.state, payment.settled_at = State.DECLINED, now
    payment.provider_ref = outcome.provider_ref
    was, payment.reason_code = payment.reason_code, RETURNED if is_back else DIFFERS
    if outcome.state == State.AUTHORIZED:
        payment.state = State.VOIDED
        plan_step(payment, Step.VOID, now=now)
    if not is_told:
        got = {"got_minor": outcome.captured_minor or outcome.authorized_minor}
        note(order, "payment_differs", now=now, detail=got | {"got_currency": outcome.currency})
    return was != payment.reason_code


def _note_captured(order: Order, payment: Payment, outcome: Outcome, now: datetime) -> bool:
    if outcome.state != State.SUCCEEDED:
        if payment.due_step == Step.NONE:
            _rest(payment)
        return False
    _rest(payment)
    is_within = left_to_capture(payment) <= outcome.captured_minor <= payment.amount_minor
    if outcome.currency != payment.currency or not is_within:
        if payment.reason_code == DIFFERS:
            return False
        payment.reason_code = DIFFERS
        got = {"got_minor": outcome.captured_minor, "got_currency": outcome.currency}
        note(order, "payment_differs", now=now, detail=got)
        return True
    is_returned = order.status in (OrderStatus.REFUNDED, OrderStatus.CANCELLED)
    payment.state = State.REFUNDED if is_returned else State.SUCCEEDED
    payment.captured_minor = outcome.captured_minor
    if payment.refunds.filter(state=Refund.State.PENDING).exists():
        tell_due(order.pk, now=now)
    note(order, "captured", now=now, detail=describe_step(amount_minor=outcome.captured_minor))
    return True


def left_to_capture(payment: Payment) -> int:
    """Return what is to be taken of a payment: less what was taken off the order since."""
    taken_off = payment.refunds.filter(is_reduction=True).aggregate(sum=Sum("amount_minor"))["sum"]
    return payment.amount_minor - (taken_off or 0)


def _release(order: Order, payment: Payment, now: datetime) -> None:
    """Give back money that no order waits for: set it free, or send it back if it was taken."""
    payment.reason_code = "order_closed"
    amount = payment.captured_minor or payment.amount_minor
    if payment.state == State.AUTHORIZED:
        payment.state = State.VOIDED
        plan_step(payment, Step.VOID, now=now)
    else:
        payment.state, payment.refunded_minor = State.REFUNDED, payment.amount_minor
        payment.save()
        Refund.objects.create(
            order=order,
            payment=payment,
            amount_minor=amount,
            reason="order_closed",
            idempotency_key=f"late-{payment.pk}",
            due_at=now,
            at=now,
        )
        tell_due(order.pk, now=now)
    note(order, "late_payment_refunded", now=now, detail=describe_step(amount_minor=amount))


def _wait(order: Order, payment: Payment, outcome: Outcome, now: datetime) -> bool:
    """The shopper has something to do, perhaps after a card was refused."""
    if payment.state not in OPEN_STATES:
        if is_unanswered(payment):  # it was given up after an outage, and did arrive
            payment.provider_ref = outcome.provider_ref
            plan_step(payment, Step.VOID, now=now)
        return False
    was = (payment.state, payment.reason_code)
    payment.state, payment.provider_ref = State.NEEDS_ACTION, outcome.provider_ref
    payment.reason_code = outcome.reason_code
    payment.due_at = max(payment.due_at or now, now + ASK_AGAIN)
    if outcome.reason_code == "declined" and outcome.reason_code != was[1]:
        note(order, "payment_declined", now=now)
    return was != (payment.state, payment.reason_code)


def _end(order: Order, payment: Payment, outcome: Outcome, now: datetime) -> bool:
    """It can take no money any more: nobody confirmed it, or a reservation ended."""
    if is_unanswered(payment):
        _rest(payment)
        payment.state, payment.settled_at = State.DECLINED, now
        payment.provider_ref = outcome.provider_ref
        payment.reason_code = outcome.reason_code or "not_confirmed"
        note(order, "payment_declined", now=now)
        return True
    if payment.state == State.AUTHORIZED:
        _rest(payment)
        payment.state, payment.reason_code = State.VOIDED, "authorization_ended"
        # What was to go back was never taken
        pending = payment.refunds.filter(state=Refund.State.PENDING)
        pending.update(state=Refund.State.SUCCEEDED, is_reduction=True, due_at=None)
        note(order, "authorization_ended", now=now)
        return True
    is_awaited = payment.due_at is not None
    _rest(payment)
    return is_awaited
