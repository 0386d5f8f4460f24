"""Jobs of payments. Times: `shop/schedule.py`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from orders.payments import api
from shop.ground.jobs.tasks import job, wake
from shop.ground.kernel.clock import utc_now

A_DAY = timedelta(days=1)


@job(queue="live", time_limit=300)
def settle_due_payments() -> int:
    """Send captures, voids and refunds, and ask about attempts that nobody answered for."""
    return api.settle_due_payments(now=utc_now())


@job(queue="live", time_limit=300)
def reconcile_payments() -> int:
    """Compare the last hours with the providers and send back what no order waits for."""
    return api.reconcile_payments(now=utc_now())


@job(queue="bulk", time_limit=600)
def reconcile_a_day() -> int:
    """Compare the last day with the providers, and delete events they do not repeat any more."""
    now = utc_now()
    return api.reconcile_payments(now=now, window=A_DAY) + api.forget_old_events(now=now)


def settle_soon(fact_id: UUID, payload: Mapping[str, Any]) -> None:
    """PaymentDue: talk to the providers now rather than at the next turn."""
    wake(settle_due_payments)
