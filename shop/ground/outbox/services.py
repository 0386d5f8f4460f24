"""Write facts and deliver them."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from celery import signature
from django.db import transaction

from shop.ground.jobs.selectors import LIVE
from shop.ground.jobs.tasks import wake
from shop.ground.kernel.ids import uuid7_at
from shop.ground.outbox.models import MAX_ATTEMPTS, Fact

KEEP_ERROR_CHARACTERS = 2_000

# The job that delivers knows the handlers of all rooms, so it stands above: it is sent by name.
DELIVERY = "shop.tasks.deliver_outbox"

Handler = Callable[[UUID, Mapping[str, Any]], None]
Handlers = Mapping[str, Sequence[Handler]]


def write_fact(*, kind: str, payload: Mapping[str, Any], occurred_at: datetime) -> UUID:
    """Write a fact in the caller's transaction and return its id.

    It is delivered if, and only if, that transaction commits. The worker is woken on commit;
    if that signal is lost (Redis down) the schedule finds the fact within seconds.
    """
    fact_id = uuid7_at(occurred_at)
    Fact.objects.create(
        id=fact_id, kind=kind, payload=dict(payload), occurred_at=occurred_at, due_at=occurred_at
    )
    transaction.on_commit(wake_delivery, robust=True)
    return fact_id


def wake_delivery() -> None:
    """Rouse the delivering worker; with Redis down the schedule finds the fact later."""
    wake(signature(DELIVERY, queue=LIVE))


def deliver_facts(
    *,
    handlers: Handlers,
    now: datetime,
    limit: int = 200,
    gives_way: Callable[[], bool] = lambda: False,
) -> int:
    """Deliver up to `limit` due facts, oldest first, until it `gives_way`; return how many were
    delivered.

    Each fact is locked with SKIP LOCKED, so several workers never deliver one twice at the same
    moment. Handlers of one fact share its transaction: either all ran and it is marked, or none
    counts and it is tried again later (at least once; handlers are idempotent by fact id).
    """
    delivered = 0
    for _ in range(limit):
        with transaction.atomic():
            fact = _lock_next(now)
            if fact is None:
                break
            delivered += _deliver(fact, handlers.get(fact.kind, ()), now)
        if gives_way():
            break
    return delivered


def _lock_next(now: datetime) -> Fact | None:
    due = Fact.objects.select_for_update(skip_locked=True).filter(
        delivered_at__isnull=True, due_at__lte=now, attempts__lt=MAX_ATTEMPTS
    )
    return due.order_by("due_at", "id").first()


def _deliver(fact: Fact, handlers: Sequence[Handler], now: datetime) -> int:
    fact.attempts += 1
    try:
        with transaction.atomic():
            for handle in handlers:
                handle(fact.id, fact.payload)
    except Exception:  # noqa: BLE001  # any handler error is kept on the fact and retried, never lost
        fact.last_error = traceback.format_exc(limit=-5)[-KEEP_ERROR_CHARACTERS:]
        fact.due_at = now + timedelta(seconds=min(3600, 2**fact.attempts))
        fact.save(update_fields=["attempts", "last_error", "due_at"])
        return 0
    fact.delivered_at = now
    fact.last_error = ""
    fact.save(update_fields=["attempts", "delivered_at", "last_error"])
    return 1


def retry_facts(*, fact_ids: Sequence[UUID], now: datetime) -> int:
    """Make undelivered facts due again with fresh attempts (staff action); return how many."""
    facts = Fact.objects.filter(pk__in=fact_ids, delivered_at__isnull=True)
    return facts.update(attempts=0, due_at=now)


def delete_delivered_facts(*, before: datetime) -> int:
    """Delete facts delivered before `before`; return how many."""
    return Fact.objects.filter(delivered_at__lt=before).delete()[0]
