"""Moving a year of history so that it ends just before the day it is loaded. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Timeline:
    """What is added to every moment of the source: whole weeks, so weekdays and seasons' order
    stay, minus the till's offset from UTC, so that its weeks begin at our midnight on Monday.
    """

    weeks: int
    hours: int

    @property
    def shift(self) -> timedelta:
        """The sum to add."""
        return self.weeks * WEEK + timedelta(hours=self.hours)


def choose_timeline(*, last_sale: datetime, today: date, utc_offset: int) -> Timeline:
    """Return the shift that lets the last sale fall in the seven days before `today`.

    `last_sale` is naive, `utc_offset` the till's hours from UTC (New York in winter: -5).

    >>> choose_timeline(
    ...     last_sale=datetime(2018, 1, 1, 4), today=date(2026, 11, 25), utc_offset=-5
    ... )
    Timeline(weeks=464, hours=-5)
    """
    local = last_sale + timedelta(hours=utc_offset)
    weeks = (today - timedelta(days=1) - local.date()) // WEEK
    return Timeline(weeks=weeks, hours=utc_offset)
