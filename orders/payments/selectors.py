"""Read payments for staff."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from orders.order.models import OrderLine
from orders.payments.models import Payment, Refund, RefundLine

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
        | Q(reason_code="amount_differs")
        | Exists(stuck)
        | Exists(_list_unassigned())
    )


def count_troubled(*, now: datetime) -> int:
    """Return how many payments staff should look at. One query."""
    return find_troubled(Payment.objects.all(), now=now).count()


def count_attempts(*, since: datetime, until: datetime) -> tuple[int, int]:
    """Return how many attempts to pay made in `[since, until)` were refused, by the bank or for a
    fault of the provider, and how many there were. One query."""
    made = Payment.objects.filter(created_at__gte=since, created_at__lt=until)
    found = made.aggregate(
        refused=Count("pk", filter=Q(state__in=[State.DECLINED, State.FAILED])), of=Count("pk")
    )
    return int(found["refused"]), int(found["of"])


def _list_unassigned() -> QuerySet[Refund]:
    """Return refunds made at the provider whose order has money back for no pieces yet."""
    lines = OrderLine.objects.filter(order=OuterRef("order")).order_by().values("order")
    back = Subquery(lines.annotate(sum=Sum("refunded_minor")).values("sum"))
    refunds = Refund.objects.filter(payment=OuterRef("pk"), reason="at_provider")
    open_orders = refunds.filter(order__status__in=["paid", "fulfilled"])
    return open_orders.filter(order__refunded_minor__gt=Coalesce(back, 0))


def count_put_back(*, line_id: int, since: datetime) -> int:
    """Return how many pieces of a line refunds put on the shelf from `since` on. One query.

    Those of returns are no part of it: they came back from outside.
    """
    rows = RefundLine.objects.filter(line_id=line_id, refund__at__gte=since)
    rows = rows.exclude(refund__idempotency_key__startswith="return-")
    return int(rows.aggregate(pieces=Sum("restocked_quantity"))["pieces"] or 0)
