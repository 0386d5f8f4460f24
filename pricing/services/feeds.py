"""The feeds that prices rely on, and what happens when one of them falls silent."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models.functions import Greatest

from pricing.models import BreakerTrip, FeedPulse
from pricing.services.breakers import Action, end_trips, trip_breaker

KIND_OF = {
    FeedPulse.Name.COSTS: BreakerTrip.Kind.COSTS,
    FeedPulse.Name.COMPETITORS: BreakerTrip.Kind.COMPETITORS,
}


def record_pulse(*, name: str, at: datetime, ttl_hours: int | None = None) -> None:
    """Note that feed `name` ("costs", "competitors") brought something at `at`.

    From its first pulse on the feed is expected: silent for longer than `ttl_hours` (a week unless
    said otherwise), it holds the model's prices. An older pulse than the last changes nothing.
    """
    limits = {} if ttl_hours is None else {"ttl_hours": ttl_hours}
    row, is_new = FeedPulse.objects.get_or_create(name=name, defaults={"last_at": at, **limits})
    if not is_new:
        FeedPulse.objects.filter(pk=row.pk).update(last_at=Greatest("last_at", at), **limits)


def watch_feeds(*, now: datetime, market: str = "us") -> int:
    """Hold the model's prices of a market while a feed is silent; return new trips.

    A trip that staff undid stays undone until the feed has beaten again and fallen silent anew.
    """
    tripped = 0
    for row in FeedPulse.objects.order_by("name"):
        kind = KIND_OF[FeedPulse.Name(row.name)]
        trips = BreakerTrip.objects.filter(kind=kind, scope="market", key=market)
        if now - row.last_at <= timedelta(hours=row.ttl_hours):
            end_trips(trips, now=now)
        elif not trips.filter(undone_at__gt=row.last_at).exists():
            tripped += trip_breaker(
                kind=kind,
                scope="market",
                key=market,
                action=Action.HELD,
                evidence={"last_at": row.last_at.isoformat(), "ttl_hours": row.ttl_hours},
                now=now,
            )
    return tripped


def is_held(market: str) -> bool:
    """Return whether a silent feed holds the model's prices of a market. One query."""
    return BreakerTrip.objects.filter(
        kind__in=list(KIND_OF.values()),
        scope="market",
        key=market,
        over_at__isnull=True,
        undone_at__isnull=True,
    ).exists()
