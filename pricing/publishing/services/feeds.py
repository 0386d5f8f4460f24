"""The feeds that prices rely on, and what happens when one of them falls silent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db.models.functions import Greatest

from pricing.base.core.values import BoolArray, IntArray
from pricing.competitors.models.competitors import CompetitorSource
from pricing.policy.models.breakers import BreakerTrip, FeedPulse
from pricing.publishing.services.breakers import Action, end_trips, trip_breaker
from shop.ground.catalog.selectors.staff import list_stated_costs

FEEDS = (BreakerTrip.Kind.COMPETITORS, BreakerTrip.Kind.COSTS)


@dataclass(frozen=True, slots=True)
class _Word:
    """The last word of a feed: whose it was ("" for costs), when it came, how long it counts."""

    source: str
    last_at: datetime
    ttl_hours: int

    def is_old(self, now: datetime) -> bool:
        """Whether the feed should have brought something since."""
        return now - self.last_at > timedelta(hours=self.ttl_hours)

    def show(self) -> dict[str, Any]:
        """Return what a trip keeps of it."""
        said = {"last_at": self.last_at.isoformat(), "ttl_hours": self.ttl_hours}
        return {"source": self.source} | said if self.source else said


def record_pulse(*, name: str, at: datetime, ttl_hours: int | None = None) -> None:
    """Note that feed `name` ("costs") brought something at `at`; competitors' sources are rows.

    From its first pulse on the feed is expected: silent for longer than `ttl_hours` (a week unless
    said otherwise), it holds the model's prices. An older pulse than the last changes nothing.
    """
    limits = {} if ttl_hours is None else {"ttl_hours": ttl_hours}
    row, is_new = FeedPulse.objects.get_or_create(name=name, defaults={"last_at": at, **limits})
    if not is_new:
        FeedPulse.objects.filter(pk=row.pk).update(last_at=Greatest("last_at", at), **limits)


def watch_feeds(*, now: datetime, market: str = "us") -> int:
    """Hold the model's prices of a market while a feed is silent; return new trips.

    Costs are one feed of the whole shop, because a variant costs the same wherever it is sold
    (`Variant.cost_minor`): it holds every market. Each of the market's sources of competitors'
    prices that is in use is a feed of its own with its own time to live, from the first list on of
    which something was believed. A trip that staff undid stays undone until a feed falls silent
    anew.
    """
    tripped = 0
    for kind, words in zip(FEEDS, (_hear_competitors(market), _hear_costs()), strict=True):
        trips = BreakerTrip.objects.filter(kind=kind, scope="market", key=market)
        silent = [word for word in words if word.is_old(now)]
        if not silent:
            end_trips(trips, now=now)
            continue
        since = max(word.last_at + timedelta(hours=word.ttl_hours) for word in silent)
        if not trips.filter(undone_at__gt=since).exists():
            tripped += trip_breaker(
                kind=kind,
                scope="market",
                key=market,
                action=Action.HELD,
                evidence={"silent": [word.show() for word in silent]},
                now=now,
            )
    return tripped


def _hear_costs() -> list[_Word]:
    rows = FeedPulse.objects.filter(name=FeedPulse.Name.COSTS)
    return [_Word("", row.last_at, row.ttl_hours) for row in rows]


def _hear_competitors(market: str) -> list[_Word]:
    rows = CompetitorSource.objects.filter(
        market_id=market, is_active=True, imported_at__isnull=False
    ).order_by("code")
    found = rows.values_list("code", "imported_at", "ttl_hours")
    return [_Word(code, at, hours) for code, at, hours in found if at is not None]


def is_held(market: str) -> bool:
    """Return whether a silent feed holds the model's prices of a market. One query."""
    return bool(_holding(market))


def find_held(*, market: str, variant_id: IntArray, now: datetime) -> BoolArray:
    """Return where a silent feed holds the model's price, (m,). One query, two more while costs
    are silent.

    A cost that staff typed within the feed's time to live is known, so its price may move on.
    """
    kinds = _holding(market)
    held = np.full(len(variant_id), bool(kinds))
    if kinds != {BreakerTrip.Kind.COSTS}:
        return held
    for word in _hear_costs():
        stated = list_stated_costs(since=now - timedelta(hours=word.ttl_hours))
        held &= ~np.isin(variant_id, stated)
    return held


def _holding(market: str) -> set[str]:
    trips = BreakerTrip.objects.filter(
        kind__in=FEEDS,
        scope="market",
        key=market,
        over_at__isnull=True,
        undone_at__isnull=True,
    )
    return set(trips.values_list("kind", flat=True))
