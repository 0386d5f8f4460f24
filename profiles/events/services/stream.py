"""Events that still wait in the stream, read without consuming them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import redis

from profiles.events.core.keys import STREAM
from profiles.events.core.records import BadRecord, EventRecord, decode_record, owner_of
from profiles.events.services.online import text_of
from profiles.shoppers.models.shoppers import Shopper

PAGE = 2_000


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
