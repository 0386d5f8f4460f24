"""Read ratings of orders: one order's, and sums by day, personal price and campaign."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from orders.fulfilment.api import ARRIVED
from orders.order.core import OrderStatus
from orders.satisfaction.core import (
    CampaignSatisfaction,
    DaySatisfaction,
    Satisfaction,
    SatisfactionReport,
    summarize_scores,
)
from orders.satisfaction.models import OrderRating


@dataclass(frozen=True, slots=True)
class Rating:
    """What the buyer of an order said about it."""

    score: int
    words: str
    rated_at: datetime


def find_rating(order_id: int) -> Rating | None:
    """Return the answer about an order, None without one. One query."""
    row = OrderRating.objects.filter(pk=order_id).first()
    return None if row is None else Rating(row.score, row.words, row.rated_at)


def is_rateable(status: str, parcel_states: Collection[str]) -> bool:
    """Return whether something of an order has reached its buyer.

    >>> is_rateable("paid", {"packed"}), is_rateable("paid", {"packed", "delivered"})
    (False, True)
    """
    if status == OrderStatus.FULFILLED:
        return True
    has_arrived = not ARRIVED.isdisjoint(parcel_states)
    return has_arrived and status in (OrderStatus.PAID, OrderStatus.REFUNDED)


def export_ratings(order_ids: Collection[int]) -> list[dict[str, Any]]:
    """Return the answers about these orders as JSON values, oldest first. One query."""
    rows = OrderRating.objects.filter(pk__in=order_ids).select_related("order")
    return [
        {
            "order": row.order.number,
            "score": row.score,
            "words": row.words,
            "rated_at": row.rated_at.isoformat(),
        }
        for row in rows.order_by("rated_at", "pk")
    ]


# An order has personal prices where a line of it was quoted below the public price for the shopper.
_RATED = """
SELECT (r.rated_at AT TIME ZONE %(zone)s)::date AS day, r.score,
       EXISTS (SELECT FROM orders_orderline l WHERE l.order_id = r.order_id AND l.is_personal)
           AS is_personal,
       r.order_id
FROM orders_orderrating r JOIN orders_order o ON o.id = r.order_id
WHERE r.rated_at >= %(start)s AND r.rated_at < %(end)s AND NOT o.is_simulated
    AND (%(currency)s = '' OR o.currency = %(currency)s)
    AND (%(market)s = '' OR o.market_code = %(market)s)
    AND (%(channel)s = '' OR o.channel = %(channel)s)
"""
_SUMS = f"""
SELECT day, score, is_personal, count(*) FROM ({_RATED}) rated GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""  # noqa: S608  # no value is in the text
_BY_CAMPAIGN = f"""
SELECT part.campaign_id, rated.score, count(DISTINCT rated.order_id)
FROM ({_RATED}) rated
CROSS JOIN LATERAL (
    SELECT (jsonb_array_elements(l.adjustments)->>'campaign_id')::bigint AS campaign_id
    FROM orders_orderline l WHERE l.order_id = rated.order_id
    UNION
    SELECT (jsonb_array_elements(o.delivery_adjustments)->>'campaign_id')::bigint
    FROM orders_order o WHERE o.id = rated.order_id
) part
WHERE part.campaign_id IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608  # no value is in the text
_DELIVERED = """
SELECT count(*) FROM orders_order o
WHERE o.status = 'fulfilled' AND NOT o.is_simulated
    AND o.closed_at >= %(start)s AND o.closed_at < %(end)s
    AND (%(currency)s = '' OR o.currency = %(currency)s)
    AND (%(market)s = '' OR o.market_code = %(market)s)
    AND (%(channel)s = '' OR o.channel = %(channel)s)
"""


def report_satisfaction(
    *,
    since: date,
    until: date,
    ends_at: datetime | None = None,
    currency: str = "",
    market: str = "",
    channel: str = "",
) -> SatisfactionReport:
    """Return how satisfied buyers were, of answers given on business days `[since, until)`.

    Simulated orders are left out. `currency`, `market` and `channel` narrow it, and so does
    `ends_at`, a moment of the last day. Three queries.
    """
    zone = ZoneInfo(settings.BUSINESS_TIME_ZONE)
    start, end = (datetime.combine(day, time.min, zone) for day in (since, until))
    end = end if ends_at is None else min(end, ends_at)
    given = {"zone": settings.BUSINESS_TIME_ZONE, "start": start, "end": end}
    given |= {"currency": currency, "market": market, "channel": channel}
    sums = _ask(_SUMS, given)
    by_day: dict[date, list[tuple[int, int]]] = defaultdict(list)
    for day, score, _is_personal, count in sums:
        by_day[day].append((score, count))
    by_campaign: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for campaign_id, score, count in _ask(_BY_CAMPAIGN, given):
        by_campaign[campaign_id].append((score, count))
    return SatisfactionReport(
        delivered=_ask(_DELIVERED, given)[0][0],
        all=_summarize((score, count) for _day, score, _is_personal, count in sums),
        personal=_summarize((score, count) for _day, score, mine, count in sums if mine),
        public=_summarize((score, count) for _day, score, mine, count in sums if not mine),
        days=tuple(DaySatisfaction(day, _summarize(rows)) for day, rows in by_day.items()),
        campaigns=tuple(
            CampaignSatisfaction(campaign_id, _summarize(rows))
            for campaign_id, rows in by_campaign.items()
        ),
    )


def _ask(query: str, given: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, given)
        return list(cursor.fetchall())


def _summarize(rows: Iterable[tuple[int, int]]) -> Satisfaction:
    counts = [0, 0, 0, 0, 0]
    for score, count in rows:
        counts[score - 1] += count
    return summarize_scores(counts)
