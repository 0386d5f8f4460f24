"""Read which breakers are open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pricing.policy.models.breakers import BreakerTrip

MOST = 20


@dataclass(frozen=True, slots=True)
class TripRow:
    """A breaker that acted and was not undone; texts are those of its table.

    `scope` and `key` are those of a kill switch.
    """

    id: int
    kind: str
    action: str
    scope: str
    key: str
    at: datetime


def list_open_trips() -> list[TripRow]:
    """Return the open trips, newest first, twenty at most. One query."""
    rows = BreakerTrip.objects.filter(over_at__isnull=True, undone_at__isnull=True)
    return [
        TripRow(
            id=row.pk,
            kind=row.get_kind_display(),
            action=row.get_action_display(),
            scope=row.scope,
            key=row.key,
            at=row.at,
        )
        for row in rows.order_by("-at", "-id")[:MOST]
    ]
