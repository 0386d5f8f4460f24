"""How far visits got: from looking at a product to a paid order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

# A visit is a shopper and a day; the order is recorded once it is paid.
_STEPS = """
SELECT day, count(*), count(*) FILTER (WHERE has_added), count(*) FILTER (WHERE has_begun),
    count(*) FILTER (WHERE has_paid)
FROM (
    SELECT (occurred_at AT TIME ZONE %(zone)s)::date AS day, shopper_id,
        bool_or(kind IN ('cart_add', 'checkout', 'order')) AS has_added,
        bool_or(kind IN ('checkout', 'order')) AS has_begun,
        bool_or(kind = 'order') AS has_paid
    FROM profiles_event
    WHERE occurred_at >= %(since)s AND occurred_at < %(until)s AND channel = %(channel)s
        AND kind IN ('view', 'click', 'search', 'cart_add', 'checkout', 'order')
    GROUP BY 1, 2
) visits
GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class DayFunnel:
    """Visits of a day, and how many of them got to each step; a later step implies the earlier."""

    day: date
    visits: int
    added: int
    begun: int
    paid: int


def list_day_funnels(
    *, since: datetime, until: datetime, zone: str, channel: str = "online"
) -> list[DayFunnel]:
    """Return the funnel of each day of `zone` in `[since, until)`; days without visits are left
    out. One query, which reads the events of the period."""
    asked: dict[str, str | datetime] = {
        "zone": zone,
        "since": since,
        "until": until,
        "channel": channel,
    }
    with connection.cursor() as cursor:
        cursor.execute(_STEPS, asked)
        return [DayFunnel(*row) for row in cursor.fetchall()]
