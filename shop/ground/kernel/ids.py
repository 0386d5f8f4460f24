"""Time-ordered identifiers (UUID version 7, RFC 9562 section 5.7)."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

from shop.ground.kernel.clock import epoch_ms

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def uuid7(now_ms: int | None = None) -> UUID:
    """Return a version 7 UUID: 48 bits of `now_ms` (milliseconds since 1970), 74 random bits.

    Without `now_ms` the wall clock is read. Ids sort by creation time, so B-tree inserts stay at
    the right edge and the partition of a row follows from its id.

    >>> first, second = uuid7(1_000), uuid7(2_000)
    >>> first.version, first < second
    (7, True)
    """
    milliseconds = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    value = (milliseconds & (2**48 - 1)) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def list_uuid7(now_ms: int, count: int) -> list[UUID]:
    """Return so many version 7 UUIDs of a moment (milliseconds since 1970).

    >>> len({one.version for one in list_uuid7(1_000, 3)}), len(set(list_uuid7(1_000, 3)))
    (1, 3)
    """
    return [uuid7(now_ms) for _ in range(count)]


def uuid7_at(moment: datetime) -> UUID:
    """Return a version 7 UUID of an aware moment.

    >>> uuid7_time(uuid7_at(datetime(2026, 1, 1, tzinfo=UTC))).isoformat()
    '2026-01-01T00:00:00+00:00'
    """
    return uuid7(epoch_ms(moment))


def uuid7_time(value: UUID) -> datetime:
    """Return the moment (UTC, millisecond resolution) a version 7 UUID was made.

    Raises ValueError for another version, whose bits carry no such time, and for a forged moment
    beyond the year 9999.

    >>> uuid7_time(uuid7(1_500)).isoformat()
    '1970-01-01T00:00:01.500000+00:00'
    """
    if value.version != 7:
        raise ValueError(f"{value} is a version {value.version} UUID, which carries no time")
    try:
        return _EPOCH + timedelta(milliseconds=value.int >> 80)
    except OverflowError as error:
        raise ValueError(f"{value} names a moment beyond all calendars") from error
