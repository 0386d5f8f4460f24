"""Events that still wait in the stream, read without consuming them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import redis

from profiles.events.core.keys import STREAM
from profiles.events.core.records import BadRecord, EventRecord, decode_record, owner_of
from profiles.events.models import Event
from profiles.events.services.online import text_of
from profiles.shoppers.models.shoppers import Shopper
from shop.ground.jobs.redis import RedisUnavailable, redis_breaker

PAGE = 2_000
# The newest entries among which events of the last moments are looked for.
MOST_NEWEST = 500


def find_waiting(
    client: redis.Redis, shopper_ids: Collection[int]
) -> Iterator[tuple[str, EventRecord]]:
    """Yield the stream's entries of these shoppers, oldest first: the entry's id, the record.

    Entries that are no records are passed over; the drain quarantines them.
    """
    start = "-"
    while page := client.xrange(STREAM, min=start, max="+", count=PAGE):
        for key, fields in page:
            line = text_of((fields or {}).get(b"e"))
            if owner_of(line) in shopper_ids:
                try:
                    yield text_of(key), decode_record(line)
                except BadRecord:
                    continue
        start = f"({text_of(page[-1][0])}"


def group_waiting(
    client: redis.Redis, shopper_ids: Collection[int]
) -> Mapping[int, list[EventRecord]]:
    """Return what waits for these shoppers, and for guests that became them, by shopper."""
    merged = Shopper.objects.filter(merged_into__in=shopper_ids)
    owners = dict(merged.values_list("pk", "merged_into_id"))
    owners.update({shopper_id: shopper_id for shopper_id in shopper_ids})
    found: dict[int, dict[object, EventRecord]] = {}
    for _, record in find_waiting(client, owners.keys()):
        found.setdefault(owners[record.shopper_id], {})[record.id] = record
    return {owner: list(records.values()) for owner, records in found.items()}


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """What a shopper did a moment ago, and when it came in."""

    event_id: UUID
    received_at: datetime
    shopper_id: int
    kind: str
    variant_id: int | None
    query: str
    source: str


_LIVE = ("id", "received_at", "shopper_id", "kind", "variant_id", "query", "source")


def list_live_events(shopper_ids: Collection[int], *, since: datetime) -> list[LiveEvent]:
    """Return what these shoppers did since a moment, newest first, stored or still waiting. One
    query and one round trip; without Redis what is stored."""
    rows = Event.objects.filter(
        shopper_id__in=shopper_ids, occurred_at__gte=since, received_at__gte=since
    )
    found = {row[0]: LiveEvent(*row) for row in rows.order_by().values_list(*_LIVE)}
    page: Any = []
    with suppress(RedisUnavailable), redis_breaker.guard() as client:
        page = client.xrevrange(STREAM, count=MOST_NEWEST)
    for _key, fields in page:
        line = text_of((fields or {}).get(b"e"))
        if owner_of(line) in shopper_ids:
            with suppress(BadRecord):
                record = decode_record(line)
                found.setdefault(record.id, LiveEvent(*(getattr(record, one) for one in _LIVE)))
    newest = [one for one in found.values() if one.received_at >= since]
    return sorted(newest, key=lambda one: one.received_at, reverse=True)
