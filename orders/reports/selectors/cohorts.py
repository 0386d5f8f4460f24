"""Shoppers by the month of their first order, and how many of them came back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import Count, F
from django.db.models.functions import TruncDate, TruncTime
from django.db.models.lookups import LessThanOrEqual

from orders.reports.selectors.statistics import A_DAY, SALES, SOLD, filter_sold

_COHORTS = """
WITH months AS (
    SELECT DISTINCT shopper_id, date_trunc('month', placed_at AT TIME ZONE %(zone)s)::date AS month
    FROM orders_order
    WHERE status = ANY(%(sold)s) AND shopper_id IS NOT NULL AND currency = %(currency)s
        AND (%(market)s = '' OR market_code = %(market)s)
), placed AS (
    SELECT month, min(month) OVER (PARTITION BY shopper_id) AS first FROM months
)
SELECT first,
    ((extract(year FROM month) - extract(year FROM first)) * 12
        + extract(month FROM month) - extract(month FROM first))::int AS later,
    count(*)
FROM placed
WHERE first >= %(since)s
GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class CohortMonth:
    """Of those who first ordered in `first`: how many ordered `later` months after."""

    first: date
    later: int
    shoppers: int


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
    """Return orders and sales of `[since, until)` by channel. One query."""
    lines = filter_sold(since=since, until=until, currency=currency, market=market)
    rows = lines.values("order__channel").annotate(count=Count("order", distinct=True), minor=SALES)
    return {row["order__channel"]: (row["count"], row["minor"]) for row in rows}


def list_sales_so_far(*, now: datetime, days: int, currency: str) -> dict[str, list[int]]:
    """Return by channel the sales up to this time of day: on each of the `days` business days
    before, the oldest first, and today. One query."""
    here = now.astimezone(ZoneInfo(settings.BUSINESS_TIME_ZONE))
    first, placed_at = here.date() - timedelta(days=days), F("order__placed_at")
    lines = filter_sold(
        since=datetime.combine(first, time.min, here.tzinfo),
        until=datetime.combine(here.date() + A_DAY, time.min, here.tzinfo),
        currency=currency,
    ).filter(LessThanOrEqual(TruncTime(placed_at, tzinfo=here.tzinfo), here.time()))
    rows = lines.values("order__channel", day=TruncDate(placed_at, tzinfo=here.tzinfo)).annotate(
        minor=SALES
    )
    found: dict[str, list[int]] = {}
    for row in rows:
        by_day = found.setdefault(row["order__channel"], [0] * (days + 1))
        by_day[(row["day"] - first).days] = row["minor"]
    return found
