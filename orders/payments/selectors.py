"""Read payments for staff."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from orders.payments.models import Payment, Refund

State = Payment.State
ENDS_SOON = timedelta(days=5)  # banks end a reservation after some seven
SLOW = timedelta(hours=1)
MANY_TRIES = 3


def find_troubled(payments: QuerySet[Payment], *, now: datetime) -> QuerySet[Payment]:
    """Return the payments that staff should look at; `docs/payments.md` says what to do."""
    refunds = Refund.objects.filter(payment=OuterRef("pk"))
    stuck = refunds.filter(Q(state="failed") | Q(state="pending", at__lt=now - SLOW))
    is_unpaid = Q(state=State.VOIDED, reason_code="authorization_ended") & Q(
        order__status__in=["paid", "fulfilled"]
    )
    return payments.filter(
        is_unpaid
        | Q(state=State.AUTHORIZED, settled_at__lt=now - ENDS_SOON)
        | Q(tries__gte=MANY_TRIES, due_at__isnull=False)
        | Q(dispute="open")
        | Exists(stuck)
    )
