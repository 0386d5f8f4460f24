"""Pay an order. The provider is asked outside of locks; its answer is applied under them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from orders.core.refusals import OrderRefused, PaymentRefused
from orders.core.state import OrderStatus
from orders.core.values import PaymentMethod, PaymentStep
from orders.core.wording import METHODS, PAYMENT_REASONS, pick
from orders.metrics import payments_total
from orders.models import Order, Payment
from orders.services.locks import lock_order_step
from orders.services.providers import (
    Charge,
    Outcome,
    ProviderDown,
    find_offered,
    find_provider,
    list_offered,
)
from orders.services.settling import close_unpaid, describe_step, note, settle_paid
from promotions.services import CouponExhausted
from shop.inventory.services import OutOfStock

State = Payment.State
OPEN_STATES = (State.STARTED, State.NEEDS_ACTION)


def list_payment_methods(*, language: str) -> list[PaymentMethod]:
    """Return the ways to pay; none where no provider is configured. No query."""
    return [
        PaymentMethod(code, pick(METHODS.get(code, (code, code)), language), provider.is_sandbox)
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
        outcome = provider.start(describe_charge(payment))
    except ProviderDown:
        return _step(_fail(payment, now), language)
    is_news = apply_outcome(payment, outcome, now=now)
    return _step(payment, language, outcome if is_news else None)


def confirm_payment(
    *, payment_id: UUID, action_token: str, approved: bool, now: datetime, language: str = "en"
) -> PaymentStep:
    """Finish an attempt that waited for the shopper (3-D Secure and the like). Twice is once.

    Without approval it is given up, and needs no token: its shopper may have lost the page.
    Raises PaymentRefused (payment_not_found, bad_action_token, unknown_method,
    no_payment_provider).
    """
    payment = Payment.objects.select_related("order").filter(pk=payment_id).first()
    if payment is None:
        raise PaymentRefused("There is no such payment.", code="payment_not_found")
    if payment.state not in OPEN_STATES:
        return _step(payment, language)
    provider = find_offered(payment.method)
    charge = describe_charge(payment)
    if approved:
        outcome = provider.resume(charge, action_token=action_token)
    else:
        outcome = provider.give_up(charge)
    is_news = apply_outcome(payment, outcome, now=now)
    return _step(payment, language, outcome if is_news else None)


def continue_payment(*, payment_id: UUID, language: str = "en") -> PaymentStep:
    """Return where an attempt stands, with what the shopper still has to do. One query.

    Raises PaymentRefused (payment_not_found).
    """
    payment = Payment.objects.select_related("order").filter(pk=payment_id).first()
    if payment is None:
        raise PaymentRefused("There is no such payment.", code="payment_not_found")
    return _step(payment, language)


@transaction.atomic
def _open_payment(order_id: int, method: str, key: str, now: datetime) -> tuple[Payment, bool]:
    order = lock_order_step(order_id)
    known = Payment.objects.select_related("order").filter(idempotency_key=key).first()
    if known is not None:
        if (known.order_id, known.method) != (order_id, method):
            raise PaymentRefused("This key was used before.", code="idempotency_mismatch")
        return known, False
    if not is_payable(order, now):
        raise OrderRefused("This order cannot be paid any more.", code="not_payable")
    open_id = order.payments.filter(state__in=OPEN_STATES).values_list("pk", flat=True).first()
    if open_id is not None:
        raise PaymentRefused(
            "A payment of this order is still open. Finish it or give it up first.",
            code="payment_open",
            payment_id=str(open_id),
        )
    payment = Payment.objects.create(
        order=order,
        provider=find_provider(method).code,
        method=method,
        currency=order.currency,
        amount_minor=order.total_minor,
        idempotency_key=key,
        created_at=now,
    )
    return payment, True


def is_payable(order: Order, now: datetime) -> bool:
    """Return whether an attempt to pay may start."""
    is_open = order.status == OrderStatus.AWAITING_PAYMENT
    return is_open and (order.pay_until is None or now < order.pay_until)


@transaction.atomic
def apply_outcome(payment: Payment, outcome: Outcome, *, now: datetime) -> bool:
    """Write the provider's answer; return whether it was news. Locks the order's step.

    Money for an order that is no longer open goes back at once. An answer that comes after an
    outage was noted still counts: the charge may have gone through.
    """
    order = lock_order_step(payment.order_id)
    payment.refresh_from_db()
    if not is_unanswered(payment):
        return False
    payment.provider_ref, payment.reason_code = outcome.provider_ref, outcome.reason_code
    payment.state = State(outcome.state)
    if outcome.state == State.SUCCEEDED:
        _receive_money(order, payment, now)
    elif outcome.state == State.DECLINED:
        payment.settled_at = now
        note(order, "payment_declined", now=now)
    payment.save()
    payments_total.labels(state=payment.state).inc()
    return True


def is_unanswered(payment: Payment) -> bool:
    """Return whether it is not known yet what became of an attempt; `UNANSWERED` for one row."""
    is_lost = payment.state == State.FAILED and payment.reason_code == "provider_down"
    return is_lost or payment.state in OPEN_STATES


def _receive_money(order: Order, payment: Payment, now: datetime) -> None:
    payment.settled_at = now
    if order.status != OrderStatus.AWAITING_PAYMENT:
        _return_money(order, payment, now)
        return
    try:
        # A savepoint: if goods or offers went to others, what was locked and written is undone
        with transaction.atomic():
            settle_paid(order, now=now)
    except (OutOfStock, CouponExhausted):
        order.refresh_from_db()
        close_unpaid(order, OrderStatus.EXPIRED, now=now)
        _return_money(order, payment, now)


def _return_money(order: Order, payment: Payment, now: datetime) -> None:
    provider = find_provider(payment.method)
    provider.refund(
        provider_ref=payment.provider_ref,
        amount_minor=payment.amount_minor,
        key=f"late-{payment.pk}",
    )
    payment.state, payment.reason_code = State.REFUNDED, "order_closed"
    payment.refunded_minor = payment.amount_minor
    detail = describe_step(amount_minor=payment.amount_minor)
    note(order, "late_payment_refunded", now=now, detail=detail)


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


def describe_charge(payment: Payment) -> Charge:
    """Return the attempt as providers see it. The order must be loaded."""
    return Charge(
        payment_id=payment.pk,
        order_number=payment.order.number,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        method=payment.method,
    )


def _step(payment: Payment, language: str, outcome: Outcome | None = None) -> PaymentStep:
    if outcome is None and payment.state == State.NEEDS_ACTION:
        outcome = find_provider(payment.method).start(describe_charge(payment))
    reason = PAYMENT_REASONS.get(payment.reason_code)
    return PaymentStep(
        payment_id=payment.pk,
        state=payment.state,
        reason_code=payment.reason_code,
        message="" if reason is None else pick(reason, language),
        action_token="" if outcome is None else outcome.action_token,
        action_url="" if outcome is None else outcome.action_url,
    )
