"""From the stream to the table: at least once on the way, exactly once in the table.

An entry leaves the stream only after the transaction that stored it has committed. A worker
killed anywhere in between leaves its entries pending; another claims them, and what was stored
already is recognized by its id.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import redis
from django.db import DataError, IntegrityError, transaction

from profiles.events.core import GROUP, STREAM, BadRecord, EventRecord, decode_record, owner_of
from profiles.events.models import Event
from profiles.events.services.online import text_of
from profiles.events.services.table import Stored, store_records
from profiles.metrics import event_lag_seconds, events_drained_total
from profiles.shoppers.models.shoppers import Shopper
from shop.ground.jobs.redis import RedisUnavailable, ensure_group, patient_redis, redis_breaker
from shop.ground.jobs.services import QuarantineRow, quarantine, record_run
from shop.ground.kernel.clock import epoch_ms

BATCH = 2_000
STALE_SECONDS = 30
FORGET_CONSUMER_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class _Entry:
    """A stream entry: its id there, and the record or why it is none."""

    key: str
    line: str
    record: EventRecord | None
    reason: str = ""


def drain_events(*, limit: int, now: datetime, stale_seconds: float = STALE_SECONDS) -> int:
    """Move up to `limit` events from the stream into the table; return how many left the stream.

    Entries that another worker took more than `stale_seconds` ago and never finished are taken
    over first. Records that cannot be stored go to quarantine with the reason. Raises
    RedisUnavailable; nothing is lost then.
    """
    moved = 0
    with patient_redis() as client:
        ensure_group(client, STREAM, GROUP)
        while moved < limit:
            entries = _take(client, min(BATCH, limit - moved), int(stale_seconds * 1000))
            if not entries:
                break
            _store(entries, now=now)
            _release(client, entries)
            moved += len(entries)
        _forget_dead_consumers(client)
    return moved


@lru_cache(maxsize=1)
def _consumer_of(process: int) -> str:
    return f"{socket.gethostname()}-{process}"


def _take(client: redis.Redis, count: int, stale_ms: int) -> list[_Entry]:
    """Return entries nobody else works on: abandoned ones first, then new ones."""
    consumer = _consumer_of(os.getpid())
    claimed: Any = client.xautoclaim(STREAM, GROUP, consumer, min_idle_time=stale_ms, count=count)
    taken = claimed[1]
    if not taken:
        answer: Any = client.xreadgroup(GROUP, consumer, {STREAM: ">"}, count=count)
        taken = answer[0][1] if answer else []
    return [_read(text_of(key), text_of(fields.get(b"e"))) for key, fields in taken if fields]


def _read(key: str, line: str) -> _Entry:
    try:
        return _Entry(key=key, line=line, record=decode_record(line))
    except BadRecord as error:
        return _Entry(key=key, line=line, record=None, reason=str(error))


def _store(entries: Sequence[_Entry], *, now: datetime) -> None:
    bad = [entry for entry in entries if entry.record is None]
    good = [entry for entry in entries if entry.record is not None]
    bad += _store_good(good, now=now)
    if bad:
        _quarantine(bad)
        events_drained_total.labels(outcome="quarantined").inc(len(bad))


def _store_good(entries: Sequence[_Entry], *, now: datetime) -> list[_Entry]:
    """Store the entries; return those the database refuses, found by halving."""
    records = [entry.record for entry in entries if entry.record is not None]
    if not records:
        return []
    try:
        with transaction.atomic():
            stored = store_records(records, now=now)
        _report(stored, records, now)
    except (DataError, IntegrityError) as error:
        if len(entries) == 1:
            return [_Entry(entries[0].key, entries[0].line, None, reason=_reason_of(error))]
        middle = len(entries) // 2
        return _store_good(entries[:middle], now=now) + _store_good(entries[middle:], now=now)
    return []


def _reason_of(error: Exception) -> str:
    """Return which rule of the table refused the row, in the 80 characters a reason may have."""
    diagnosis = getattr(error.__cause__, "diag", None)
    rule = getattr(diagnosis, "constraint_name", None) or str(error).splitlines()[0]
    return f"refused: {rule}"[:80]


def _quarantine(entries: Sequence[_Entry]) -> None:
    with record_run(name="quarantine_events", queue="live") as run:
        rows = [
            QuarantineRow(
                row_number=int(entry.key.split("-")[0]),
                reason=entry.reason,
                payload={"entry": entry.key, "record": entry.line.replace("\x00", "")},
            )
            for entry in entries
        ]
        run.advance(quarantine(run_id=run.run_id, source="events", rows=rows))


def _report(stored: Stored, records: Sequence[EventRecord], now: datetime) -> None:
    counts = {"stored": stored.new, "known": stored.known, "erased": stored.gone}
    for outcome, count in counts.items():
        if count:
            events_drained_total.labels(outcome=outcome).inc(count)
    oldest = min(record.received_at for record in records)
    event_lag_seconds.observe(max(0, epoch_ms(now) - epoch_ms(oldest)) / 1000)


def _release(client: redis.Redis, entries: Sequence[_Entry]) -> None:
    keys = [entry.key for entry in entries]
    pipe = client.pipeline(transaction=True)
    pipe.xack(STREAM, GROUP, *keys)
    pipe.xdel(STREAM, *keys)
    pipe.execute()


def _forget_dead_consumers(client: redis.Redis) -> None:
    """Drop consumers of ended processes; one with pending entries keeps them to be claimed."""
    for consumer in client.xinfo_consumers(STREAM, GROUP):
        if consumer["pending"] == 0 and consumer["idle"] > FORGET_CONSUMER_MS:
            client.xgroup_delconsumer(STREAM, GROUP, text_of(consumer["name"]))


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
