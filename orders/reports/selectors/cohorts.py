"""Shoppers by the month of their first order, and how many of them came back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from orders.reports.selectors.statistics import SOLD

_COHORTS = """
WITH months AS (
    SELECT shopper_id, date_trunc('month', placed_at AT TIME ZONE %(zone)s)::date AS month,
        sum(total_minor - refunded_minor) AS paid
    FROM orders_order
    WHERE status = ANY(%(sold)s) AND shopper_id IS NOT NULL AND currency = %(currency)s
        AND (%(market)s = '' OR market_code = %(market)s)
    GROUP BY 1, 2
), placed AS (
    SELECT month, paid, min(month) OVER (PARTITION BY shopper_id) AS first FROM months
)
SELECT first,
    ((extract(year FROM month) - extract(year FROM first)) * 12
        + extract(month FROM month) - extract(month FROM first))::int AS later,
    count(*), sum(paid)::bigint
FROM placed
WHERE first >= %(since)s
GROUP BY 1, 2 ORDER BY 1, 2
"""
_BETWEEN = """
SELECT channel, count(*), sum(total_minor - refunded_minor)::bigint
FROM orders_order
WHERE status = ANY(%(sold)s) AND currency = %(currency)s
    AND (%(market)s = '' OR market_code = %(market)s)
    AND placed_at >= %(since)s AND placed_at < %(until)s
GROUP BY 1
"""

_SO_FAR = """
SELECT channel, (placed_at AT TIME ZONE %(zone)s)::date,
    sum(total_minor - refunded_minor)::bigint
FROM orders_order
WHERE status = ANY(%(sold)s) AND currency = %(currency)s
    AND placed_at >= %(since)s AND placed_at <= %(now)s
    AND (placed_at AT TIME ZONE %(zone)s)::time <= (%(now)s AT TIME ZONE %(zone)s)::time
GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class CohortMonth:
    """Of those who first ordered in `first`: how many ordered `later` months after, for how much
    (minor units, refunds taken off)."""

    first: date
    later: int
    shoppers: int
    sales_minor: int


def list_cohorts(*, since: date, currency: str, market: str = "") -> list[CohortMonth]:
    """Return the cohorts of first orders from the month `since`, month by month, of one market if
    asked. One query, which reads all orders of the currency."""
    asked: dict[str, str | date] = {
        "zone": settings.BUSINESS_TIME_ZONE,
        "since": since,
        "currency": currency,
        "market": market,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COHORTS, {**asked, "sold": [str(one) for one in SOLD]})
        return [CohortMonth(*row) for row in cursor.fetchall()]


def sum_between(
    *, since: datetime, until: datetime, currency: str, market: str = ""
) -> dict[str, tuple[int, int]]:
    """Return orders and sales (refunds taken off) of `[since, until)` by channel. One query."""
    asked: dict[str, str | datetime] = {"since": since, "until": until, "currency": currency}
    asked["market"] = market
    with connection.cursor() as cursor:
        cursor.execute(_BETWEEN, {**asked, "sold": [str(one) for one in SOLD]})
        return {row[0]: (row[1], row[2]) for row in cursor.fetchall()}


def list_sales_so_far(*, now: datetime, days: int, currency: str) -> dict[str, list[int]]:
    """Return by channel what was sold up to this time of day, refunds taken off: on each of the
    `days` business days before, the oldest first, and today. One query."""
    zone = ZoneInfo(settings.BUSINESS_TIME_ZONE)
    first = now.astimezone(zone).date() - timedelta(days=days)
    asked: dict[str, Any] = {
        "zone": settings.BUSINESS_TIME_ZONE,
        "since": datetime.combine(first, time.min, zone),
        "now": now,
        "currency": currency,
        "sold": [str(one) for one in SOLD],
    }
    found: dict[str, list[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_SO_FAR, asked)
        for channel, day, minor in cursor.fetchall():
            found.setdefault(channel, [0] * (days + 1))[(day - first).days] = minor
    return found
