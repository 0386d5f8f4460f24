"""Calendar of campaigns: days of a month on which each runs, and overlaps."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo


@dataclass(frozen=True, slots=True)
class Run:
    """A campaign's window, half-open, and where it counts; market "" is every market."""

    key: int
    starts_at: datetime
    ends_at: datetime
    market_code: str = ""


def month_days(month: date) -> list[list[date]]:
    """Return the weeks of a month, Monday first, with the days of its neighbours that fill them.

    >>> [len(week) for week in month_days(date(2026, 11, 1))]
    [7, 7, 7, 7, 7, 7]
    """
    return calendar.Calendar().monthdatescalendar(month.year, month.month)


def runs_on(run: Run, day: date, zone: tzinfo) -> bool:
    """Return whether a run touches a day of `zone`.

    >>> from datetime import UTC
    >>> run = Run(1, datetime(2026, 11, 26, 8, tzinfo=UTC), datetime(2026, 11, 27, tzinfo=UTC))
    >>> [runs_on(run, date(2026, 11, day), UTC) for day in (25, 26, 27)]
    [False, True, False]
    """
    begins = datetime(day.year, day.month, day.day, tzinfo=zone)
    return run.starts_at < begins + timedelta(days=1) and run.ends_at > begins


def find_overlaps(runs: Sequence[Run]) -> dict[int, tuple[int, ...]]:
    """Return, for each run, the keys of those that run in part of the same time and market.

    >>> from datetime import UTC
    >>> def run(key: int, first: int, last: int, market: str = "") -> Run:
    ...     days = (datetime(2026, 11, day, tzinfo=UTC) for day in (first, last))
    ...     return Run(key, *days, market)
    >>> find_overlaps([run(1, 1, 5), run(2, 4, 9), run(3, 9, 12), run(4, 1, 30, "de")])
    {1: (2, 4), 2: (1, 4), 3: (4,), 4: (1, 2, 3)}
    """
    return {
        one.key: tuple(
            other.key
            for other in runs
            if other.key != one.key
            and other.starts_at < one.ends_at
            and other.ends_at > one.starts_at
            and _share_market(one, other)
        )
        for one in runs
    }


def step_month(month: date, by: int) -> date:
    """Return the first day of the month `by` months later (or earlier).

    >>> step_month(date(2026, 12, 26), 1), step_month(date(2026, 1, 3), -1)
    (datetime.date(2027, 1, 1), datetime.date(2025, 12, 1))
    """
    months = month.year * 12 + month.month - 1 + by
    return date(months // 12, months % 12 + 1, 1)


def _share_market(one: Run, other: Run) -> bool:
    return "" in (one.market_code, other.market_code) or one.market_code == other.market_code
