"""The one way events get into the table: one statement inserts what is new."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from profiles.events.core import EVENT_COLUMNS, EventRecord, name_fields
from profiles.shoppers.models.shoppers import OnlineLag

_COLUMNS = ", ".join(EVENT_COLUMNS)
_CHOSEN = ", ".join(f"i.{name}" if name != "shopper_id" else "s.owner_id" for name in EVENT_COLUMNS)
# An event whose shopper became somebody else (a guest who logged in) follows; one whose shopper
# was erased is dropped. Where our clock set the time, only the id can reveal a duplicate.
# Seen times are a courtesy: rows somebody else is changing are skipped, so no deadlock can arise.
_STORE = f"""
WITH i AS MATERIALIZED (
    SELECT * FROM json_populate_recordset(NULL::profiles_event, %(records)s)
),
s AS MATERIALIZED (
    SELECT id, merged_into_id, COALESCE(merged_into_id, id) AS owner_id FROM profiles_shopper
    WHERE erased_at IS NULL AND id IN (SELECT shopper_id FROM i)
),
new AS (
    INSERT INTO profiles_event ({_COLUMNS})
    SELECT {_CHOSEN} FROM i JOIN s ON s.id = i.shopper_id
    WHERE i.id <> ALL(%(adjusted)s::uuid[]) OR NOT EXISTS (
        SELECT FROM profiles_event e
        WHERE e.id = i.id AND e.occurred_at > i.occurred_at - interval '8 days'
    )
    ON CONFLICT DO NOTHING
    RETURNING id
),
touched AS (
    UPDATE profiles_shopper s SET last_seen_at = GREATEST(s.last_seen_at, seen.at)
    FROM (
        SELECT s.id, latest.at FROM profiles_shopper s
        JOIN (SELECT shopper_id, max(occurred_at) AS at FROM i GROUP BY shopper_id) latest
            ON latest.shopper_id = s.id AND latest.at > s.last_seen_at
        FOR NO KEY UPDATE OF s SKIP LOCKED
    ) seen
    WHERE s.id = seen.id
)
SELECT i.id, new.id IS NOT NULL, s.id IS NULL, s.merged_into_id
FROM i LEFT JOIN new ON new.id = i.id LEFT JOIN s ON s.id = i.shopper_id
"""  # noqa: S608  # only column names of this module are put in


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a batch: new rows, rows known before, rows of erased shoppers."""

    new: int
    known: int
    gone: int


def store_records(records: Sequence[EventRecord], *, now: datetime) -> Stored:
    """Insert the records that are not in the table yet. One transaction, safe to repeat.

    Records known before may have been counted twice online (accepted anew after Redis had
    forgotten them), so their shoppers are noted as lagging and rebuilt.
    """
    unique = {record.id: record for record in records}
    if not unique:
        return Stored(new=0, known=0, gone=0)
    given: dict[str, str | list[UUID]] = {
        "records": json.dumps([name_fields(record) for record in unique.values()], default=str),
        "adjusted": [record.id for record in unique.values() if record.is_adjusted],
    }
    lagging: set[int] = set()
    new = gone = 0
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute(_STORE, given)
        for event_id, is_new, is_gone, owner_id in cursor.fetchall():
            new, gone = new + is_new, gone + is_gone
            if owner_id is not None:
                lagging.add(owner_id)  # a guest logged in meanwhile: the owner's profile lacks it
            if not is_new and not is_gone:
                lagging.add(unique[event_id].shopper_id)
        note_lag(lagging, now=now)
    return Stored(new=new, known=len(records) - new - gone, gone=gone)


def note_lag(shopper_ids: set[int], *, now: datetime) -> list[int]:
    """Note in the caller's transaction that online profiles may lag; return the notes' ids."""
    if not shopper_ids:
        return []
    notes = [OnlineLag(shopper_id=shopper_id, since=now) for shopper_id in sorted(shopper_ids)]
    return [note.pk for note in OnlineLag.objects.bulk_create(notes)]


def clear_lag(note_ids: Sequence[int]) -> None:
    """Delete notes whose cause has been dealt with. One statement."""
    OnlineLag.objects.filter(pk__in=note_ids).delete()
