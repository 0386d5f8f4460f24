"""Pay an order. The provider is asked outside of locks; its answer is applied under them."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from orders.metrics import payments_total
from orders.order.api import lock_order_step, note, settle_paid
from orders.order.core import OrderStatus
from orders.order.models import Order
from orders.payments.core.values import Outcome, PaymentStep, ProviderDown
from orders.payments.models import Payment
from orders.payments.providers.sandbox import FREE
from orders.payments.providers.table import find_offered, find_provider, list_offered
from orders.payments.services.outcomes import OPEN_STATES, apply_outcome, describe_charge
from orders.refusals import OrderRefused, PaymentRefused
from orders.values import PaymentMethod
from orders.wording import PAYMENT_REASONS, name_method
from shop.ground.kernel.translation import gettext_noop, translate

State = Payment.State
# A process that died, a shopper who left: after this the provider is asked what became of it.
PATIENCE = timedelta(minutes=2)


def list_payment_methods(*, language: str) -> list[PaymentMethod]:
    """Return the ways to pay; none where no provider is configured. No query."""
    return [
        PaymentMethod(code, name_method(code, language), provider.is_sandbox)
        for code, provider in list_offered().items()
    ]


def start_payment(
    *, order_id: int, method: str, idempotency_key: str, now: datetime, language: str = "en"
) -> PaymentStep:
    """Try to pay an order; the same key gives the same attempt and never charges twice.

    A declined or unanswered attempt leaves the order payable and its stock held until
    `pay_until`. One attempt is open at a time: the shopper finishes it or gives it up first.
    Raises OrderRefused (not_payable), PaymentRefused (payment_open with `detail["payment_id"]`,
    unknown_method, no_payment_provider), OrderNotFound.
    """
    provider = find_offered(method)
    payment, is_new = _open_payment(order_id, method, idempotency_key, now)
    if not is_new and payment.state != State.STARTED:
        return _step(payment, language)
    try:
        outcome = provider.authorise(describe_charge(payment))
    except ProviderDown:
        return _step(_fail(payment, now), language)
    apply_outcome(payment, outcome, now=now)
    return _step(payment, language, outcome)


def confirm_payment(
    *, payment_id: UUID, action_token: str, approved: bool, now: datetime, language: str = "en"
) -> PaymentStep:
    """Finish an attempt that waited for the shopper (3-D Secure and the like). Twice is once.

    Without approval it is given up, and needs no token: its shopper may have lost the page.
    Raises PaymentRefused (payment_not_found, bad_action_token, unknown_method,
    no_payment_provider), ProviderDown.
    """
    payment = _find(payment_id)
    if payment.state not in OPEN_STATES:
        return _step(payment, language)
    provider = find_offered(payment.method)
    charge = describe_charge(payment)
    if approved:
        outcome = provider.authorise(charge, approval=action_token)
    else:
        outcome = provider.void(charge)
    apply_outcome(payment, outcome, now=now)
    return _step(payment, language, outcome)


def continue_payment(*, payment_id: UUID, language: str = "en") -> PaymentStep:
    """Return where an attempt stands, with what the shopper still has to do. One query.

    Raises PaymentRefused (payment_not_found), ProviderDown.
    """
    return _step(_find(payment_id), language)


@transaction.atomic(savepoint=False)
def pay_nothing(order: Order, *, now: datetime) -> None:
    """Settle an order that costs nothing, with a payment of zero for the books."""
    Payment.objects.create(
        order=order,
        provider=FREE,
        method=FREE,
        currency=order.currency,
        amount_minor=0,
        state=State.SUCCEEDED,
        idempotency_key=f"{FREE}-{order.number}",
        provider_ref=FREE,
        created_at=now,
        settled_at=now,
    )
    settle_paid(order, now=now)


def _find(payment_id: UUID) -> Payment:
    payment = Payment.objects.select_related("order").filter(pk=payment_id).first()
    if payment is None:
        raise PaymentRefused("There is no such payment.", code="payment_not_found")
    return payment


@transaction.atomic
def _open_payment(order_id: int, method: str, key: str, now: datetime) -> tuple[Payment, bool]:
    order = lock_order_step(order_id)
    is_open = Q(order=order, state__in=OPEN_STATES)
    found = list(Payment.objects.filter(is_open | Q(idempotency_key=key)))
    known = next((one for one in found if one.idempotency_key == key), None)
    if known is not None:
        if (known.order_id, known.method) != (order_id, method):
            raise PaymentRefused("This key was used before.", code="idempotency_mismatch")
        known.order = order
        return known, False
    if not is_payable(order, now):
        raise OrderRefused("This order cannot be paid any more.", code="not_payable")
    if found:
        raise PaymentRefused(
            gettext_noop("A payment of this order is still open. Finish it or give it up first."),
            code="payment_open",
            payment_id=str(found[0].pk),
        )
    payment = Payment.objects.create(
        order=order,
        provider=find_provider(method).code,
        method=method,
        currency=order.currency,
        amount_minor=order.total_minor,
        is_captured_later=settings.CAPTURE_PAYMENTS == "at_packing",
        idempotency_key=key,
        due_at=now + PATIENCE,
        created_at=now,
    )
    return payment, True


def is_payable(order: Order, now: datetime) -> bool:
    """Return whether an attempt to pay may start."""
    is_open = order.status == OrderStatus.AWAITING_PAYMENT
    return is_open and (order.pay_until is None or now < order.pay_until)


@transaction.atomic
def _fail(payment: Payment, now: datetime) -> Payment:
    order = lock_order_step(payment.order_id)
    payment.refresh_from_db()
    if payment.state == State.STARTED:
        payment.state, payment.reason_code = State.FAILED, "provider_down"
        payment.settled_at = now
        payment.save()
        note(order, "payment_failed", now=now)
        payments_total.labels(state=State.FAILED.value).inc()
    return payment


def _step(payment: Payment, language: str, outcome: Outcome | None = None) -> PaymentStep:
    """Return where the attempt stands; one that waits for the shopper says what there is to do."""
    provider = find_provider(payment.method)
    is_waiting = payment.state == State.NEEDS_ACTION
    if outcome is None and is_waiting:
        outcome = provider.authorise(describe_charge(payment))
    return PaymentStep(
        payment_id=payment.pk,
        state=payment.state,
        provider=provider.code,
        reason_code=payment.reason_code,
        message=translate(PAYMENT_REASONS.get(payment.reason_code, ""), language),
        action_token=outcome.action_token if outcome and is_waiting else "",
        action_url=outcome.action_url if outcome and is_waiting else "",
        publishable_key=provider.publishable_key if is_waiting else "",
    )
