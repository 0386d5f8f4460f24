"""Order lines, delivery fees and sales by shopper that a campaign affected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection
from django.db.models import Count, Exists, Min, OuterRef, Sum
from numpy.typing import NDArray

from orders.order.models import Order
from orders.reports.selectors.statistics import SOLD
from orders.terms.api import find_delivery_rates
from orders.terms.core import tax_on
from shop.ground.catalog.selectors import cost_sql


@dataclass(frozen=True, slots=True)
class CampaignLine:
    """Lines of one variant, day and unit cost, in orders of one state, that the campaign lowered.

    `discount_minor` is what this campaign took off, `returned_minor` the part of it that came back
    with returned units (each unit's exact share); `sales_minor` is after every discount,
    `net_minor` without tax, both with what was refunded taken off; `unit_cost_minor` is what a unit
    cost when it was bought, where nobody noted it what it costs in that market today, None where
    nobody knows either. All minor units.
    """

    day: date
    status: str
    variant_id: int
    is_gift: bool
    unit_cost_minor: int | None
    orders: int
    units: int
    sales_minor: int
    net_minor: int
    discount_minor: int
    returned_minor: int
    refunded_minor: int

    @property
    def is_sold(self) -> bool:
        """Return whether the order was paid."""
        return self.status in SOLD


@dataclass(frozen=True, slots=True)
class CampaignDelivery:
    """Orders of one day, state and way of delivery whose fee the campaign lowered alike.

    `discount_minor` is taken off in all of them, `returned_minor` the part that went back with the
    whole fee (orders refunded in full); `net_minor` is what the shop went without, tax taken off,
    by the rates of that day. Minor units.
    """

    day: date
    status: str
    method: str
    orders: int
    discount_minor: int
    returned_minor: int
    net_minor: int

    @property
    def is_sold(self) -> bool:
        """Return whether the order was paid."""
        return self.status in SOLD


# Each unit carries the discount split evenly, the first ones a minor unit more: what partners are
# given back for returned units is the same (`promotions.coupons.core.share_of_units`).
_LINES = """
SELECT (o.placed_at AT TIME ZONE %(zone)s)::date AS day, o.status, l.variant_id, l.is_gift,
       coalesce(l.cost_minor, {cost}) AS unit_cost,
       count(DISTINCT o.id), sum(l.quantity - l.refunded_quantity),
       sum(l.total_minor - l.refunded_minor),
       sum(l.total_minor - l.refunded_minor
           - CASE WHEN l.total_minor = 0 THEN 0
             ELSE round(l.tax_minor::numeric * (l.total_minor - l.refunded_minor) / l.total_minor)
             END),
       sum(off.minor),
       sum(off.minor / l.quantity * l.refunded_quantity
           + least(l.refunded_quantity, off.minor %% l.quantity)),
       sum(l.refunded_minor)
FROM orders_order o
JOIN orders_orderline l ON l.order_id = o.id
CROSS JOIN LATERAL (
    SELECT coalesce(-sum((a->>'amount_minor')::bigint), 0)::bigint AS minor
    FROM jsonb_array_elements(l.adjustments) a
    WHERE (a->>'campaign_id')::bigint = %(campaign)s
) off
WHERE o.number = ANY(%(numbers)s) AND off.minor > 0
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
""".replace("{cost}", cost_sql(variant="l.variant_id", market="o.market_code"))
_DELIVERIES = """
SELECT (o.placed_at AT TIME ZONE %(zone)s)::date AS day, o.status, o.delivery_method,
       o.market_code, off.minor, count(*)
FROM orders_order o
CROSS JOIN LATERAL (
    SELECT coalesce(-sum((a->>'amount_minor')::bigint), 0)::bigint AS minor
    FROM jsonb_array_elements(o.delivery_adjustments) a
    WHERE (a->>'campaign_id')::bigint = %(campaign)s
) off
WHERE o.number = ANY(%(numbers)s) AND off.minor > 0
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
"""
_BY_ORDER = """
SELECT o.number, o.status,
       sum(-(a.part->>'amount_minor')::bigint) FILTER (WHERE NOT a.is_delivery),
       sum(-(a.part->>'amount_minor')::bigint) FILTER (WHERE a.is_delivery)
FROM orders_order o
CROSS JOIN LATERAL (
    SELECT jsonb_array_elements(l.adjustments) AS part, false AS is_delivery
    FROM orders_orderline l WHERE l.order_id = o.id
    UNION ALL SELECT jsonb_array_elements(o.delivery_adjustments), true
) a
WHERE o.number = ANY(%(numbers)s) AND (a.part->>'campaign_id')::bigint = %(campaign)s
GROUP BY 1, 2
"""


_SUMS = """
SELECT off.campaign_id, count(DISTINCT o.id), sum(off.minor)::bigint,
    sum(l.total_minor - l.refunded_minor)::bigint
FROM orders_order o
JOIN orders_orderline l ON l.order_id = o.id AND jsonb_array_length(l.adjustments) > 0
CROSS JOIN LATERAL (
    SELECT (a->>'campaign_id')::bigint AS campaign_id, -sum((a->>'amount_minor')::bigint) AS minor
    FROM jsonb_array_elements(l.adjustments) a GROUP BY 1
) off
WHERE o.placed_at >= %(since)s AND o.placed_at < %(until)s AND o.status = ANY(%(sold)s)
    AND o.currency = %(currency)s AND (%(channel)s = '' OR o.channel = %(channel)s)
    AND (%(market)s = '' OR o.market_code = %(market)s)
    AND off.campaign_id IS NOT NULL
GROUP BY 1 ORDER BY 3 DESC
"""


@dataclass(frozen=True, slots=True)
class CampaignSum:
    """What a campaign did in paid orders of a period: orders it lowered, what it took off their
    lines, and what these lines sold for after that (refunds taken off). Minor units."""

    campaign_id: int
    orders: int
    discount_minor: int
    sales_minor: int


def sum_campaigns(
    *, since: datetime, until: datetime, currency: str, market: str = "", channel: str = ""
) -> list[CampaignSum]:
    """Return the sums of each campaign over `[since, until)`, the costliest first, of one market
    and channel if asked. One query."""
    asked: dict[str, Any] = {
        "since": since,
        "until": until,
        "currency": currency,
        "market": market,
        "channel": channel,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, {**asked, "sold": [str(one) for one in SOLD]})
        return [CampaignSum(*row) for row in cursor.fetchall()]


_MARGINS = """
SELECT o.shopper_id,
       sum((l.total_minor - l.tax_minor)::numeric * (l.quantity - l.refunded_quantity) / l.quantity
           - l.cost_minor * (l.quantity - l.refunded_quantity))
FROM orders_order o
JOIN orders_orderline l ON l.order_id = o.id
WHERE o.shopper_id = ANY(%(ids)s) AND o.status = ANY(%(sold)s) AND l.cost_minor IS NOT NULL
  AND o.placed_at >= %(since)s AND o.placed_at < %(until)s
  AND (%(market)s = '' OR o.market_code = %(market)s)
GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class OrderTaken:
    """What a campaign took off one order: off its lines, gifts included, and off the delivery."""

    status: str
    lines_minor: int
    delivery_minor: int

    @property
    def amount_minor(self) -> int:
        """Return both."""
        return self.lines_minor + self.delivery_minor


def list_campaign_lines(*, campaign_id: int, numbers: Sequence[str]) -> list[CampaignLine]:
    """Return the lines that a campaign lowered or gave in these orders, summed up. One query."""
    return [
        CampaignLine(row[0], row[1], row[2], row[3], row[4], *map(int, row[5:]))
        for row in _ask(_LINES, campaign_id, numbers)
    ]


def list_campaign_deliveries(*, campaign_id: int, numbers: Sequence[str]) -> list[CampaignDelivery]:
    """Return what a campaign took off the delivery of these orders, summed up. Two queries."""
    found = []
    rows = _ask(_DELIVERIES, campaign_id, numbers)
    rate_on = find_delivery_rates({row[3] for row in rows})
    for day, status, method, market_code, minor, orders in rows:
        tax = tax_on(minor, rate_on(market_code, day))
        net = minor - tax.tax_minor + tax.added_minor
        back = orders * minor if status == Order.Status.REFUNDED else 0
        kept = 0 if back else orders * net
        found.append(CampaignDelivery(day, status, method, orders, orders * minor, back, kept))
    return found


def find_taken(*, campaign_id: int, numbers: Sequence[str]) -> dict[str, OrderTaken]:
    """Return what a campaign took off each of these orders, by number. One query."""
    rows = _ask(_BY_ORDER, campaign_id, numbers)
    return {row[0]: OrderTaken(row[1], int(row[2] or 0), int(row[3] or 0)) for row in rows}


def find_states(numbers: Sequence[str]) -> dict[str, str]:
    """Return the states of orders by number. One query."""
    rows = Order.objects.filter(number__in=numbers)
    return dict(rows.values_list("number", "status"))


def count_first_orders(numbers: Sequence[str]) -> tuple[int, int]:
    """Return how many of these paid orders were the first of their shopper, and how many there
    are. One query."""
    before = Order.objects.filter(
        shopper_id=OuterRef("shopper_id"), status__in=SOLD, placed_at__lt=OuterRef("placed_at")
    )
    rows = Order.objects.filter(number__in=numbers, status__in=SOLD)
    found = rows.aggregate(first=Count("pk", filter=~Exists(before)), of=Count("pk"))
    return int(found["first"]), int(found["of"])


def count_returning(
    numbers: Sequence[str], *, now: datetime, within: timedelta
) -> tuple[int, int, int]:
    """Return of the shoppers of these paid orders who ordered again within a time, of how many, and
    how many have still time to. Two queries."""
    sold = Order.objects.filter(status__in=SOLD, shopper_id__isnull=False).order_by()
    users = sold.filter(number__in=numbers).values_list("shopper_id")
    firsts = dict(users.annotate(first=Min("placed_at")))
    placed = sold.filter(shopper_id__in=firsts).values_list("shopper_id", "placed_at")
    came = {who for who, at in placed if firsts[who] < at <= firsts[who] + within}
    ripe = [who in came for who, first in firsts.items() if who in came or first + within <= now]
    return sum(ripe), len(ripe), len(firsts) - len(ripe)


def sum_margin_of(
    *, shopper_ids: NDArray[np.int64], since: datetime, until: datetime, market_code: str = ""
) -> NDArray[np.float64]:
    """Return the margin of what each shopper (ascending ids) bought in `[since, until)`, (n,).

    Without tax, what was refunded taken off, at the noted cost; lines of unknown cost count for
    nothing. Minor units. One query.
    """
    parameters = {
        "ids": shopper_ids.tolist(),
        "since": since,
        "until": until,
        "market": market_code,
        "sold": list(SOLD),
    }
    found = np.zeros(len(shopper_ids))
    with connection.cursor() as cursor:
        cursor.execute(_MARGINS, parameters)
        for shopper_id, margin in cursor.fetchall():
            found[int(np.searchsorted(shopper_ids, shopper_id))] = float(margin or 0)
    return found


def _ask(query: str, campaign_id: int, numbers: Sequence[str]) -> list[tuple[Any, ...]]:
    parameters: dict[str, Any] = {
        "zone": settings.BUSINESS_TIME_ZONE,
        "campaign": campaign_id,
        "numbers": list(numbers),
    }
    if not numbers:
        return []
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())


def sum_sales_of(
    *, shopper_ids: NDArray[np.int64], since: datetime, until: datetime, market_code: str = ""
) -> NDArray[np.float64]:
    """Return what each shopper (ascending ids) bought in `[since, until)`, refunds taken off, (n,).

    Minor units; 0 for who bought nothing. One query.
    """
    rows = Order.objects.filter(
        shopper_id__in=shopper_ids.tolist(),
        placed_at__gte=since,
        placed_at__lt=until,
        status__in=SOLD,
    )
    if market_code:
        rows = rows.filter(market_code=market_code)
    sums = rows.values("shopper_id").annotate(paid=Sum("total_minor"), back=Sum("refunded_minor"))
    found = np.zeros(len(shopper_ids))
    for one in sums:
        at = int(np.searchsorted(shopper_ids, one["shopper_id"]))
        found[at] = one["paid"] - one["back"]
    return found
