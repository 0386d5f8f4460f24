"""Refunds that were made at the provider, in its dashboard: recorded once, as what they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Sum

from orders.metrics import refunds_minor_total
from orders.order.api import describe_step, give_back, lock_order_step, note
from orders.order.models import Order
from orders.payments.core.values import FoundRefund, Provider
from orders.payments.models import Payment, Refund
from orders.payments.services.outcomes import State, describe_charge, tell_due
from shop.ground.outbox.services import write_fact

AT_PROVIDER = "at_provider"
TAKEN = (State.SUCCEEDED, State.REFUNDED)


def note_found_refunds(payment: Payment, provider: Provider, *, now: datetime) -> int:
    """Ask for the refunds of a payment and record those that nobody made here; return how many."""
    found = provider.list_refunds(charge=describe_charge(payment))
    return record_found(payment, found, now=now)


@transaction.atomic
def record_found(payment: Payment, found: Sequence[FoundRefund], *, now: datetime) -> int:
    """Record refunds that were not made here; return how many were new. Locks the order's step.

    The money is gone, so it is the order's refund at once. For which pieces is not known: staff
    say it by refunding them, and what went back already is not sent again.
    """
    strange = [each for each in found if not each.is_ours and each.state != "failed"]
    if not strange:
        return 0
    order = lock_order_step(payment.order_id)
    payment.refresh_from_db()
    refs = [each.provider_ref for each in strange]
    known = set(
        Refund.objects.filter(payment=payment, provider_ref__in=refs).values_list(
            "provider_ref", flat=True
        )
    )
    fresh = [each for each in strange if each.provider_ref not in known]
    for each in fresh:
        _record(order, payment, each, now)
    return len(fresh)


def _record(order: Order, payment: Payment, found: FoundRefund, now: datetime) -> None:
    is_sent = found.state == Refund.State.SUCCEEDED
    Refund.objects.create(
        order=order,
        payment=payment,
        amount_minor=found.amount_minor,
        reason=AT_PROVIDER,
        state=Refund.State(found.state),
        due_at=None if is_sent else now,
        idempotency_key=f"found-{found.provider_ref}",
        provider_ref=found.provider_ref,
        at=now,
    )
    # One of ours may be on its way for the same money: the provider refuses it, and staff see it.
    payment.refunded_minor += min(found.amount_minor, payment.amount_minor - payment.refunded_minor)
    payment.save(update_fields=["refunded_minor"])
    give_back(order, min(found.amount_minor, order.total_minor - order.refunded_minor))
    refunds_minor_total.labels(currency=order.currency).inc(found.amount_minor)
    note(order, "refund_found", now=now, detail=describe_step(amount_minor=found.amount_minor))
    if is_sent:
        write_fact(kind="OrderRefunded", payload={"order_id": order.pk}, occurred_at=now)
    else:
        tell_due(order.pk, now=now)


def read_unassigned(order: Order) -> int:
    """Return what went back at the provider for no pieces yet. One query."""
    of_lines = order.lines.aggregate(sum=Sum("refunded_minor"))["sum"] or 0
    return max(0, order.refunded_minor - of_lines)
