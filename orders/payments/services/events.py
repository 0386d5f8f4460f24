"""Take what providers send: signed, once, and only as a reason to ask them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction

from orders.metrics import payment_events_total
from orders.order.api import lock_order_step, note
from orders.order.models import Order
from orders.payments.core.values import ProviderEvent
from orders.payments.models import Payment, PaymentEvent, Refund
from orders.payments.providers.table import find_by_code
from orders.payments.services.outcomes import tell_due

# Providers repeat an event for some days; later ones are not theirs.
KEEP_EVENTS = timedelta(days=30)
CLOSED_DISPUTES = ("won", "lost")


def take_event(
    *, provider_code: str, body: bytes, headers: Mapping[str, str], now: datetime
) -> bool:
    """Take a webhook; return whether it was new. Raises EventRefused, PaymentRefused.

    What it says is not believed: the worker asks the provider, so that it does not matter in
    which order events arrive. Kinds that nobody waits for are counted and kept.
    """
    event = find_by_code(provider_code).read_event(body, headers)
    is_new = _keep(provider_code, event, now)
    is_known = bool(event.provider_ref)
    kind = event.kind if is_known else "other"
    payment_events_total.labels(kind=kind, is_new=str(is_new).lower()).inc()
    return is_new


@transaction.atomic
def _keep(provider_code: str, event: ProviderEvent, now: datetime) -> bool:
    _, is_new = PaymentEvent.objects.get_or_create(
        provider=provider_code,
        event_id=event.event_id[:120],
        defaults={
            "kind": event.kind[:80],
            "provider_ref": event.provider_ref[:120],
            "received_at": now,
        },
    )
    if is_new and event.provider_ref:
        known = Payment.objects.filter(provider=provider_code, provider_ref=event.provider_ref)
        payment = known.select_related("order").first()
        if payment is not None:
            _make_due(payment, event, now)
    return is_new


def _make_due(payment: Payment, event: ProviderEvent, now: datetime) -> None:
    if event.dispute:
        _note_dispute(payment.order, payment, event, now)
    Payment.objects.filter(pk=payment.pk).update(due_at=now)
    sent = Refund.objects.filter(payment=payment, is_reduction=False, amount_minor__gt=0)
    sent.exclude(state=Refund.State.FAILED).update(due_at=now)
    tell_due(payment.order_id, now=now)


def _note_dispute(order: Order, payment: Payment, event: ProviderEvent, now: datetime) -> None:
    """Tell staff. A dispute that is decided stays so, whatever arrives late."""
    lock_order_step(order.pk)
    payment.refresh_from_db(fields=["dispute"])
    if payment.dispute in (event.dispute, *CLOSED_DISPUTES):
        return
    Payment.objects.filter(pk=payment.pk).update(dispute=event.dispute)
    is_closed = event.dispute in CLOSED_DISPUTES
    note(order, f"dispute_{event.dispute}" if is_closed else "dispute", now=now)


def forget_old_events(*, now: datetime) -> int:
    """Delete events whose provider does not repeat them any more; return how many."""
    return PaymentEvent.objects.filter(received_at__lt=now - KEEP_EVENTS).delete()[0]
