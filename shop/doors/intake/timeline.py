"""Moving a year of history so that it ends the day before it is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import duckdb

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Timeline:
    """What is added to every moment of the source: whole weeks, so weekdays and seasons' order
    stay, minus the till's offset from UTC, so that its weeks begin at our midnight on Monday.
    """

    weeks: int
    hours: int
    until: date = date.max
    """What falls on this day or later is not loaded: it has not come yet."""

    @property
    def shift(self) -> timedelta:
        """The sum to add."""
        return self.weeks * WEEK + timedelta(hours=self.hours)


def choose_timeline(*, last_sale: datetime, today: date, utc_offset: int) -> Timeline:
    """Return the shift in whole weeks that lets the last sale fall on yesterday or up to six days
    later: `leave_out_future` cuts what has not come yet, so that sales reach yesterday.

    `last_sale` is naive, `utc_offset` the till's hours from UTC (New York in winter: -5).

    >>> choose_timeline(
    ...     last_sale=datetime(2018, 1, 1, 4), today=date(2026, 11, 25), utc_offset=-5
    ... )
    Timeline(weeks=465, hours=-5, until=datetime.date(2026, 11, 25))
    """
    local = last_sale + timedelta(hours=utc_offset)
    weeks = -((local.date() - (today - timedelta(days=1))) // WEEK)
    return Timeline(weeks=weeks, hours=utc_offset, until=today)


def leave_out_future(connection: duckdb.DuckDBPyConnection, timeline: Timeline) -> int:
    """Delete sales and coupon uses that would fall after the timeline; return how many sales."""
    if timeline.until == date.max:
        return 0
    moved = {"hours": 24 * 7 * timeline.weeks + timeline.hours, "until": timeline.until}
    sales = connection.execute(
        "DELETE FROM transactions WHERE transaction_timestamp + to_hours($hours) >= $until", moved
    ).fetchall()
    connection.execute(
        "DELETE FROM coupon_redemptions WHERE redemption_date + to_days($days) >= $until",
        {"days": 7 * timeline.weeks, "until": timeline.until},
    )
    return int(sales[0][0])
