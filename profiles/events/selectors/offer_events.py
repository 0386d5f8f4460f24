"""What shoppers saw, opened and were offered, from their events."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

_COUNTS = """
SELECT date_trunc('minute', occurred_at), kind, offer_ref, count(*)
FROM profiles_event
WHERE occurred_at >= %(since)s AND occurred_at < %(until)s
  AND kind IN ('offer_view', 'offer_click') AND offer_ref <> ''
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""

# A cart counts for the offers its shopper opened in the day before: the same shopper's row of the
# same index, so no list of covered products is needed.
_CARTS = """
SELECT date_trunc('minute', added.occurred_at), clicked.offer_ref, count(DISTINCT added.id)
FROM profiles_event AS added
JOIN profiles_event AS clicked ON clicked.shopper_id = added.shopper_id
  AND clicked.kind = 'offer_click' AND clicked.offer_ref <> ''
  AND clicked.occurred_at > added.occurred_at - interval '1 day'
  AND clicked.occurred_at <= added.occurred_at
WHERE added.occurred_at >= %(since)s AND added.occurred_at < %(until)s AND added.kind = 'cart_add'
GROUP BY 1, 2 ORDER BY 1, 2
"""

_BASKETS = """
SELECT basket_ref, variant_id, sum(quantity), sum(paid_minor), sum(list_minor), buyer.market_code
FROM profiles_event LEFT JOIN profiles_shopper buyer ON buyer.id = shopper_id
WHERE kind = 'purchase' AND basket_ref = ANY(%(refs)s) AND variant_id IS NOT NULL
  AND occurred_at >= %(since)s AND occurred_at < %(until)s
GROUP BY 1, 2, 6 ORDER BY 1, 2
"""

_SHOPPERS = """
SELECT shopper_id, variant_id, sum(quantity), sum(paid_minor), sum(list_minor), buyer.market_code
FROM profiles_event LEFT JOIN profiles_shopper buyer ON buyer.id = shopper_id
WHERE kind = 'purchase' AND shopper_id = ANY(%(refs)s) AND variant_id IS NOT NULL
  AND occurred_at >= %(since)s AND occurred_at < %(until)s
GROUP BY 1, 2, 6 ORDER BY 1, 2
"""

# What came back of those orders, whenever it did. A part that came back is named <order>#<refund>.
_CAME_BACK = """
SELECT returned.shopper_id, returned.variant_id, sum(returned.quantity),
       sum(returned.paid_minor), sum(returned.list_minor), buyer.market_code
FROM profiles_event AS returned
LEFT JOIN profiles_shopper buyer ON buyer.id = returned.shopper_id
WHERE returned.kind = 'return' AND returned.shopper_id = ANY(%(refs)s)
  AND returned.variant_id IS NOT NULL AND returned.occurred_at >= %(since)s
  AND EXISTS (
    SELECT FROM profiles_event AS bought
    WHERE bought.shopper_id = returned.shopper_id AND bought.kind = 'purchase'
      AND bought.occurred_at >= %(since)s AND bought.occurred_at < %(until)s
      AND bought.basket_ref = split_part(returned.basket_ref, '#', 1)
  )
GROUP BY 1, 2, 6 ORDER BY 1, 2
"""

# A part of an order that came back is named <order>#<refund>.
_RETURNS = """
SELECT date_trunc('minute', occurred_at), split_part(basket_ref, '#', 1),
       count(DISTINCT basket_ref), sum(paid_minor)
FROM profiles_event
WHERE kind = 'return' AND occurred_at >= %(since)s AND occurred_at < %(until)s
GROUP BY 1, 2 ORDER BY 1, 2
"""

_TRAFFIC = """
SELECT extract(isodow FROM occurred_at AT TIME ZONE 'UTC')::int - 1,
       extract(hour FROM occurred_at AT TIME ZONE 'UTC')::int, count(*)
FROM profiles_event
WHERE occurred_at >= %(since)s AND occurred_at < %(until)s AND kind IN ('view', 'purchase')
GROUP BY 1, 2
"""

_RETURN_RATE = """
SELECT count(*) FILTER (WHERE kind = 'order'),
       count(DISTINCT split_part(basket_ref, '#', 1)) FILTER (WHERE kind = 'return')
FROM profiles_event
WHERE kind IN ('order', 'return') AND occurred_at >= %(since)s AND occurred_at < %(until)s
"""


class OfferCount(NamedTuple):
    """How often in a minute; `kind` is offer_view, offer_click or cart_add."""

    minute: datetime
    kind: str
    offer_ref: str
    hits: int


class BasketLine(NamedTuple):
    """A variant of an order: pieces, what was paid and what the list said, in minor units of the
    buyer's market."""

    basket_ref: str
    variant_id: int
    quantity: int
    paid_minor: int
    list_minor: int
    market_code: str


class ShopperLine(NamedTuple):
    """What a shopper bought of a variant: pieces, what was paid, what the list said, in minor units
    of the buyer's market."""

    shopper_id: int
    variant_id: int
    quantity: int
    paid_minor: int
    list_minor: int
    market_code: str


class ReturnSum(NamedTuple):
    """What came back of an order in a minute: parts and their worth, minor units."""

    minute: datetime
    basket_ref: str
    returns: int
    paid_minor: int


def count_offer_events(*, since: datetime, until: datetime) -> list[OfferCount]:
    """Return looks at and clicks on offers, and carts within a day of a click. Two queries."""
    window = {"since": since, "until": until}
    carts = [OfferCount(minute, "cart_add", ref, n) for minute, ref, n in _fetch(_CARTS, window)]
    return [OfferCount(*row) for row in _fetch(_COUNTS, window)] + carts


def list_basket_lines(
    *, basket_refs: Collection[str], since: datetime, until: datetime
) -> list[BasketLine]:
    """Return what the orders hold; the times name the partitions to look in. One query."""
    if not basket_refs:
        return []
    window: dict[str, Any] = {"refs": sorted(basket_refs), "since": since, "until": until}
    return [
        BasketLine(ref, variant_id, int(pieces), int(paid or 0), int(listed or 0), market or "")
        for ref, variant_id, pieces, paid, listed, market in _fetch(_BASKETS, window)
    ]


def list_shopper_lines(
    *, shopper_ids: Collection[int], since: datetime, until: datetime
) -> list[ShopperLine]:
    """Return what shoppers bought in [since, until), by variant. One query."""
    if not shopper_ids:
        return []
    window: dict[str, Any] = {"refs": sorted(shopper_ids), "since": since, "until": until}
    return [
        ShopperLine(
            shopper_id, variant_id, int(pieces), int(paid or 0), int(listed or 0), market or ""
        )
        for shopper_id, variant_id, pieces, paid, listed, market in _fetch(_SHOPPERS, window)
    ]


def list_shopper_returns(
    *, shopper_ids: Collection[int], since: datetime, until: datetime
) -> list[ShopperLine]:
    """Return what came back of the orders that shoppers made in [since, until), by variant.

    At each unit's share of what was paid for its line. A return counts whenever it comes: it takes
    off what it came from, as the results of campaigns do. What came back of earlier orders does
    not count. One query.
    """
    if not shopper_ids:
        return []
    window: dict[str, Any] = {"refs": sorted(shopper_ids), "since": since, "until": until}
    return [
        ShopperLine(
            shopper_id, variant_id, int(pieces), int(paid or 0), int(listed or 0), market or ""
        )
        for shopper_id, variant_id, pieces, paid, listed, market in _fetch(_CAME_BACK, window)
    ]


def sum_returns(*, since: datetime, until: datetime) -> list[ReturnSum]:
    """Return what came back, by minute and order. One query."""
    rows = _fetch(_RETURNS, {"since": since, "until": until})
    return [ReturnSum(minute, ref, count, int(paid or 0)) for minute, ref, count, paid in rows]


def count_weekly_traffic(*, since: datetime, until: datetime) -> list[int]:
    """Return looks and purchases in each of the 168 hours of the week, UTC, Monday 0 h first."""
    counts = [0] * 168
    for day, hour, count in _fetch(_TRAFFIC, {"since": since, "until": until}):
        counts[day * 24 + hour] = count
    return counts


def measure_return_rate(*, since: datetime, until: datetime) -> float:
    """Return the share of orders of which something came back; 0 without orders. One query."""
    orders, returned = _fetch(_RETURN_RATE, {"since": since, "until": until})[0]
    return returned / orders if orders else 0.0


def _fetch(query: str, parameters: Mapping[str, Any]) -> Sequence[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchall()


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


WITHIN = timedelta(days=30)

_VIEWED = """
SELECT variant_id FROM profiles_event
WHERE shopper_id = %(shopper)s AND kind = 'view' AND variant_id IS NOT NULL
    AND occurred_at > %(since)s AND occurred_at <= %(now)s
GROUP BY variant_id
ORDER BY max(occurred_at) DESC, variant_id
LIMIT %(limit)s
"""


def list_viewed(shopper_id: int, *, now: datetime, limit: int) -> list[int]:
    """Return the variants whose pages a shopper opened within 30 days, the latest first.

    From the table: a view is there some seconds after it happened. One query.
    """
    asked: dict[str, Any] = {
        "shopper": shopper_id,
        "since": now - WITHIN,
        "now": now,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_VIEWED, asked)
        return [variant_id for (variant_id,) in cursor.fetchall()]
