"""Ask the providers what became of payments that nobody answered for."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from orders.core.state import OrderStatus
from orders.metrics import payments_total
from orders.models import Payment
from orders.models.payments import UNANSWERED
from orders.services.locks import lock_order_step
from orders.services.payments import apply_outcome, describe_charge, is_unanswered
from orders.services.providers import Outcome, ProviderDown, find_provider, is_accepted
from orders.services.settling import note

State = Payment.State
PATIENCE = timedelta(minutes=10)


def reconcile_payments(*, now: datetime, patience: timedelta = PATIENCE, limit: int = 200) -> int:
    """Settle or release payments that are open or unanswered since `patience`; return how many.

    A process that died, an outage, a shopper who never came back: the provider knows whether
    money moved. If it did, the order is paid, or the money goes back if the order is no longer
    open. If it did not, the attempt has failed for good. One that still waits for the shopper
    waits as long as its order does. One transaction per payment; twice is once. A provider that
    does not answer is asked again in the next run, and not 200 times in this one.
    """
    due = Payment.objects.filter(UNANSWERED, created_at__lte=now - patience)
    silent: set[str] = set()
    changed = 0
    for payment in due.select_related("order").order_by("created_at", "pk")[:limit]:
        if payment.provider in silent:
            continue
        try:
            changed += _reconcile(payment, now)
        except ProviderDown:
            silent.add(payment.provider)
    return changed


def _reconcile(payment: Payment, now: datetime) -> int:
    outcome = _ask(payment)
    if outcome is None:
        return _release(payment, now)
    if outcome.state == State.NEEDS_ACTION and payment.state == State.NEEDS_ACTION:
        return 0
    return int(apply_outcome(payment, outcome, now=now))


def _ask(payment: Payment) -> Outcome | None:
    """Return what the provider knows; None if it never took the charge. Holds no lock.

    A sandbox that is not allowed any more took none, whatever it says.
    """
    provider, charge = find_provider(payment.method), describe_charge(payment)
    if not is_accepted(provider):
        return None
    outcome = provider.look_up(charge)
    is_open = payment.order.status == OrderStatus.AWAITING_PAYMENT
    if outcome is not None and outcome.state == State.NEEDS_ACTION and not is_open:
        return provider.give_up(charge)
    return outcome


@transaction.atomic
def _release(payment: Payment, now: datetime) -> int:
    order = lock_order_step(payment.order_id)
    payment.refresh_from_db()
    if not is_unanswered(payment):
        return 0
    if payment.state != State.FAILED:  # else the timeline says so already
        note(order, "payment_failed", now=now)
    payment.state, payment.reason_code = State.FAILED, "never_charged"
    payment.settled_at = now
    payment.save(update_fields=["state", "reason_code", "settled_at"])
    payments_total.labels(state="released").inc()
    return 1
