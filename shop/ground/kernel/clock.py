"""The clock is read at the edges only; everything below takes `now` as an argument."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the current moment, aware, in UTC."""
    return datetime.now(tz=UTC)  # noqa: TID251  # this is that edge


def epoch_ms(moment: datetime) -> int:
    """Return milliseconds since 1970-01-01 UTC of an aware `moment`, rounded down.

    >>> epoch_ms(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000
    """
    if moment.tzinfo is None:
        raise ValueError("epoch_ms needs an aware datetime; this one has no time zone")
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000
