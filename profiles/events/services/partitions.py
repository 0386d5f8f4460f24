"""Monthly partitions of the event table, made before they are needed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

# One maker at a time: two would both find a month missing.
_LOCK = "SELECT pg_advisory_xact_lock(1886545263)"
_EXISTS = "SELECT to_regclass(%s) IS NOT NULL"
_MOVE = """
WITH moved AS (
    DELETE FROM profiles_event_default WHERE occurred_at >= %s AND occurred_at < %s RETURNING *
)
INSERT INTO {name} SELECT * FROM moved
"""


@transaction.atomic
def ensure_partitions(*, start: datetime, end: datetime) -> int:
    """Make the monthly partitions (UTC) of every month from `start` to `end`; return the new ones.

    Events that came before their partition wait in the default partition and are moved. Takes an
    exclusive lock on the default partition for as long as moving takes.
    """
    made = 0
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)
        for first, following in _months(start, end):
            made += _make_partition(cursor, first, following)
    return made


def _months(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    first = _month(start.astimezone(UTC))
    while first <= end:
        following = _month_after(first)
        yield first, following
        first = following


def _month(moment: datetime) -> datetime:
    return datetime(moment.year, moment.month, 1, tzinfo=UTC)


def _month_after(first: datetime) -> datetime:
    years, month = divmod(first.month, 12)
    return datetime(first.year + years, month + 1, 1, tzinfo=UTC)


def months_ahead(now: datetime, count: int) -> datetime:
    """Return the first moment of the month `count` months after that of `now`."""
    month = _month(now.astimezone(UTC))
    for _ in range(count):
        month = _month_after(month)
    return month


def _make_partition(cursor: CursorWrapper, first: datetime, following: datetime) -> int:
    name = f"profiles_event_{first:%Y_%m}"
    cursor.execute(_EXISTS, [name])
    if cursor.fetchone()[0]:
        return 0
    cursor.execute("LOCK TABLE profiles_event_default IN ACCESS EXCLUSIVE MODE")
    cursor.execute(
        f"CREATE TABLE {name} (LIKE profiles_event INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
    )
    cursor.execute(_MOVE.format(name=name), [first, following])
    # A check constraint with the same bounds spares the scan that attaching would need.
    cursor.execute(
        f"ALTER TABLE profiles_event ATTACH PARTITION {name}"
        f" FOR VALUES FROM ('{first:%Y-%m-%d}+00') TO ('{following:%Y-%m-%d}+00')"
    )
    return 1


def drop_partitions(*, before: datetime) -> list[str]:
    """Drop partitions that end at or before `before`; return their names."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = 'profiles_event'::regclass AND c.relname <> %s",
            ["profiles_event_default"],
        )
        names = sorted(row[0] for row in cursor.fetchall())
        old = [name for name in names if _month_after(_first_of(name)) <= before]
        for name in old:
            cursor.execute(f"DROP TABLE {name}")
    return old


def _first_of(name: str) -> datetime:
    year, month = name.removeprefix("profiles_event_").split("_")
    return datetime(int(year), int(month), 1, tzinfo=UTC)
