"""The one way events get into the table: COPY aside, then insert what is new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from profiles.events.core import EVENT_COLUMNS, RECORD_FIELDS, EventRecord, record_row
from profiles.shoppers.models.shoppers import OnlineLag

_COLUMNS = ", ".join(EVENT_COLUMNS)
_FIELDS = ", ".join(RECORD_FIELDS)

_CREATE = """
CREATE TEMPORARY TABLE incoming_event (
    LIKE profiles_event INCLUDING DEFAULTS, is_adjusted boolean NOT NULL
)
"""
# Dropped at once, not on commit: the caller's transaction may store twice.
_DROP = "DROP TABLE incoming_event"
_COPY = f"COPY incoming_event ({_FIELDS}) FROM STDIN"
# An event whose shopper became somebody else (a guest who logged in) follows; one whose shopper
# was erased is dropped. Where our clock set the time, only the id can reveal a duplicate.
_INSERT = f"""
INSERT INTO profiles_event ({_COLUMNS})
SELECT {", ".join(f"i.{name}" if name != "shopper_id" else "s.owner_id" for name in EVENT_COLUMNS)}
FROM incoming_event i
JOIN (
    SELECT id, COALESCE(merged_into_id, id) AS owner_id FROM profiles_shopper
    WHERE erased_at IS NULL
) s ON s.id = i.shopper_id
WHERE NOT i.is_adjusted OR NOT EXISTS (
    SELECT FROM profiles_event e
    WHERE e.id = i.id AND e.occurred_at > i.occurred_at - interval '8 days'
)
ON CONFLICT DO NOTHING
RETURNING id
"""  # noqa: S608  # only column names of this module are put in
_GONE = """
SELECT i.id FROM incoming_event i
WHERE NOT EXISTS (
    SELECT FROM profiles_shopper s WHERE s.id = i.shopper_id AND s.erased_at IS NULL
)
"""
# Events of a guest who logged in while they were on their way: their owner's profile lacks them.
_MERGED = """
SELECT DISTINCT s.merged_into_id FROM incoming_event i
JOIN profiles_shopper s ON s.id = i.shopper_id
WHERE s.merged_into_id IS NOT NULL
"""
# Seen times are a courtesy: rows somebody else is changing are skipped, so no deadlock can arise.
_TOUCH = """
UPDATE profiles_shopper s SET last_seen_at = GREATEST(s.last_seen_at, seen.at)
FROM (
    SELECT s.id, latest.at FROM profiles_shopper s
    JOIN (
        SELECT shopper_id, max(occurred_at) AS at FROM incoming_event GROUP BY shopper_id
    ) latest ON latest.shopper_id = s.id AND latest.at > s.last_seen_at
    FOR NO KEY UPDATE OF s SKIP LOCKED
) seen
WHERE s.id = seen.id
"""


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
    unique = list({record.id: record for record in records}.values())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CREATE)
        with cursor.copy(_COPY) as copy:
            for record in unique:
                copy.write_row(record_row(record))
        cursor.execute(_INSERT)
        new = {row[0] for row in cursor.fetchall()}
        gone = _note_known(unique, new, now) if len(new) < len(records) else 0
        _note_merged(cursor, now)
        cursor.execute(_TOUCH)
        cursor.execute(_DROP)
    return Stored(new=len(new), known=len(records) - len(new) - gone, gone=gone)


def _note_known(records: Sequence[EventRecord], new: set[object], now: datetime) -> int:
    """Note the shoppers of records that were not inserted; return how many are erased."""
    with connection.cursor() as cursor:
        cursor.execute(_GONE)
        gone = {row[0] for row in cursor.fetchall()}
    known = [record for record in records if record.id not in new and record.id not in gone]
    note_lag({record.shopper_id for record in known}, now=now)
    return len(gone)


def _note_merged(cursor: CursorWrapper, now: datetime) -> None:
    cursor.execute(_MERGED)
    note_lag({row[0] for row in cursor.fetchall()}, now=now)


def note_lag(shopper_ids: set[int], *, now: datetime) -> list[int]:
    """Note in the caller's transaction that online profiles may lag; return the notes' ids."""
    if not shopper_ids:
        return []
    notes = [OnlineLag(shopper_id=shopper_id, since=now) for shopper_id in sorted(shopper_ids)]
    return [note.pk for note in OnlineLag.objects.bulk_create(notes)]


def clear_lag(note_ids: Sequence[int]) -> None:
    """Delete notes whose cause has been dealt with. One statement."""
    OnlineLag.objects.filter(pk__in=note_ids).delete()
