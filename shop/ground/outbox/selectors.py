"""Read how the outbox is doing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q

from shop.ground.outbox.models import MAX_ATTEMPTS, Fact


@dataclass(frozen=True, slots=True)
class OutboxState:
    """Facts waiting and given up; `oldest_at` is when the longest waiting one happened."""

    waiting: int
    stuck: int
    oldest_at: datetime | None


def read_outbox() -> OutboxState:
    """Return the state of the outbox. One query on the index of undelivered facts."""
    is_stuck = Q(attempts__gte=MAX_ATTEMPTS)
    found = Fact.objects.filter(delivered_at__isnull=True).aggregate(
        waiting=Count("id", filter=~is_stuck),
        stuck=Count("id", filter=is_stuck),
        oldest_at=Min("occurred_at", filter=~is_stuck),
    )
    return OutboxState(**found)
