"""Talk to providers about what is due: captures, voids, refunds, and attempts nobody answered for.

Nothing here runs inside a transaction: a row is claimed by moving its next turn, the provider is
asked, and its answer is applied. A process that dies between any two of these loses nothing: the
row's turn comes again, and the provider knows what it did by the key.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import F

from orders.metrics import payments_total
from orders.order.api import describe_step, lock_order_step, note
from orders.order.core import OrderStatus
from orders.payments.core.values import Outcome, ProviderDown, RefundOutcome
from orders.payments.models import Payment, Refund
from orders.payments.providers.table import find_provider, is_accepted
from orders.payments.services.found import TAKEN, note_found_refunds
from orders.payments.services.outcomes import (
    State,
    Step,
    apply_outcome,
    describe_charge,
    find_secured,
    is_unanswered,
    left_to_capture,
    plan_step,
)
from shop.ground.outbox.services import write_fact

LONGEST_PAUSE = 3_600


def settle_due_payments(*, now: datetime, limit: int = 200) -> int:
    """Do what is due at the providers; return how many payments and refunds changed.

    A provider that does not answer is left alone until the next run; each row waits longer each
    time. Safe to run twice, and at the same time.
    """
    silent: set[str] = set()
    due = Payment.objects.filter(due_at__lte=now).order_by("due_at", "pk")
    changed = 0
    for payment in due.select_related("order")[:limit]:
        if payment.provider not in silent and _claim_payment(payment, now):
            changed += _guard(payment.provider, silent, partial(_settle, payment, now))
    # A refund of money that is still to be taken waits for the capture.
    waiting = Refund.objects.filter(due_at__lte=now, payment__state__in=TAKEN)
    refunds = waiting.order_by("due_at", "pk").select_related("order", "payment__order")
    for refund in refunds[:limit]:
        provider = refund.payment.provider
        if provider not in silent and _claim_refund(refund, now):
            changed += _guard(provider, silent, partial(_send, refund, now))
    return changed


def _guard(provider: str, silent: set[str], act: Callable[[], bool]) -> int:
    try:
        return int(act())
    except ProviderDown:
        silent.add(provider)
        return 0


def _pause(tries: int) -> timedelta:
    return timedelta(seconds=min(LONGEST_PAUSE, 60 * 2 ** min(tries, 6)))


def _claim_payment(payment: Payment, now: datetime) -> bool:
    tries = 0 if payment.state == State.NEEDS_ACTION else payment.tries
    mine = Payment.objects.filter(pk=payment.pk, due_at=payment.due_at, due_step=payment.due_step)
    payment.due_at = now + _pause(tries)
    return bool(mine.update(due_at=payment.due_at, tries=tries + 1))


def _claim_refund(refund: Refund, now: datetime) -> bool:
    mine = Refund.objects.filter(pk=refund.pk, due_at=refund.due_at)
    refund.due_at = now + _pause(refund.tries)
    return bool(mine.update(due_at=refund.due_at, tries=F("tries") + 1))


def _settle(payment: Payment, now: datetime) -> bool:
    outcome = _ask(payment)
    if outcome is None:
        return _never_charged(payment, now)
    is_news = apply_outcome(payment, outcome, now=now)
    if outcome.refunded_minor and payment.state in TAKEN:
        provider = find_provider(payment.method)
        is_news = bool(note_found_refunds(payment, provider, now=now)) or is_news
    return is_news


def _ask(payment: Payment) -> Outcome | None:
    """Send what is due, or ask where the charge stands; None if it was never taken.

    A sandbox that is not allowed any more took none, whatever it says. What waits for the shopper
    waits as long as its order does.
    """
    provider, charge = find_provider(payment.method), describe_charge(payment)
    if payment.due_step == Step.CAPTURE:
        return provider.capture(charge, amount_minor=left_to_capture(payment))
    if payment.due_step == Step.VOID:
        return provider.void(charge)
    if is_unanswered(payment) and not is_accepted(provider):
        return None
    outcome = provider.look_up(charge)
    is_open = payment.order.status == OrderStatus.AWAITING_PAYMENT
    if outcome is not None and outcome.state == State.NEEDS_ACTION and not is_open:
        return provider.void(charge)
    return outcome


@transaction.atomic
def _never_charged(payment: Payment, now: datetime) -> bool:
    order = lock_order_step(payment.order_id)
    payment.refresh_from_db()
    if not is_unanswered(payment):
        return False
    if payment.state != State.FAILED:  # else the timeline says so already
        note(order, "payment_failed", now=now)
    payment.state, payment.reason_code = State.FAILED, "never_charged"
    payment.settled_at, payment.due_at = now, None
    payment.save()
    payments_total.labels(state="released").inc()
    return True


def _send(refund: Refund, now: datetime) -> bool:
    payment = refund.payment
    outcome = find_provider(payment.method).refund(
        describe_charge(payment),
        amount_minor=refund.amount_minor,
        key=f"{refund.pk}-{refund.round}",
        refund_ref=refund.provider_ref,
    )
    return _note_refund(refund, outcome, now)


@transaction.atomic
def _note_refund(refund: Refund, outcome: RefundOutcome, now: datetime) -> bool:
    """Write what became of a refund. One that arrived may still come back from the bank."""
    order = lock_order_step(refund.order_id)
    was_round, asked_at = refund.round, refund.due_at
    refund.refresh_from_db()
    if refund.round != was_round or refund.is_reduction:
        return False
    was = refund.state
    refund.state = Refund.State(outcome.state)
    refund.provider_ref = outcome.provider_ref or refund.provider_ref
    refund.failure_code = outcome.failure_code[:60]
    if refund.state != Refund.State.PENDING:
        is_asked_again = refund.due_at != asked_at
        refund.due_at, refund.tries = now if is_asked_again else None, 0
    refund.save()
    if refund.state == was:
        return False
    if refund.state == Refund.State.FAILED:
        detail = describe_step(amount_minor=refund.amount_minor)
        note(order, "refund_failed", now=now, detail=detail)
    elif _is_told(refund, order.status):
        write_fact(kind="OrderRefunded", payload={"order_id": order.pk}, occurred_at=now)
    return True


def _is_told(refund: Refund, status: str) -> bool:
    """Return whether its shopper gets a letter: a cancellation and late money have their own."""
    is_sent = refund.state == Refund.State.SUCCEEDED and refund.reason != "order_closed"
    return is_sent and status != OrderStatus.CANCELLED


@transaction.atomic
def retry_refund(*, refund_id: int, now: datetime) -> bool:
    """Send a refund that failed once more, as a new one; return whether there was one.

    Only what the provider refused for good: one that is still being sent keeps its key.
    """
    failed = Refund.objects.filter(pk=refund_id, state=Refund.State.FAILED)
    changed = failed.update(
        state=Refund.State.PENDING,
        round=F("round") + 1,
        provider_ref="",
        failure_code="",
        due_at=now,
        tries=0,
    )
    if changed:
        order_id = Refund.objects.values_list("order_id", flat=True).get(pk=refund_id)
        write_fact(kind="PaymentDue", payload={"order_id": order_id}, occurred_at=now)
    return bool(changed)


@transaction.atomic
def capture_payment(*, order_id: int, now: datetime) -> None:
    """Have the order's reserved money taken; the provider is told after the commit.

    Nothing happens where it was taken at once, or is being taken. What was refunded before is
    not taken. Raises OrderNotFound.
    """
    payment = find_secured(lock_order_step(order_id))
    if payment is None or payment.state != Payment.State.AUTHORIZED or payment.due_step:
        return
    plan_step(payment, Payment.Step.CAPTURE, now=now)
    payment.save()
