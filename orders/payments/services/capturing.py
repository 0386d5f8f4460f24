"""Take reserved money when the order is packed."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from orders.order.api import lock_order_step
from orders.payments.models import Payment
from orders.payments.services.outcomes import find_secured, plan_step


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
