"""What orders say of a campaign: the adjustments frozen on their lines, and sales by shopper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection
from django.db.models import Sum
from numpy.typing import NDArray

from orders.models import Order
from orders.selectors.statistics import SOLD


@dataclass(frozen=True, slots=True)
class CampaignLine:
    """Lines of one variant and day, in orders of one state, that the campaign lowered or stood by.

    `discount_minor` is what this campaign took off; `sales_minor` is after every discount,
    `net_minor` without tax, both with what was refunded taken off; all minor units.
    """

    day: date
    status: str
    variant_id: int
    orders: int
    units: int
    sales_minor: int
    net_minor: int
    discount_minor: int
    refunded_minor: int

    @property
    def is_sold(self) -> bool:
        """Return whether the order was paid."""
        return self.status in SOLD


_LINES = """
SELECT (o.placed_at AT TIME ZONE %(zone)s)::date AS day, o.status, l.variant_id,
       count(DISTINCT o.id), sum(l.quantity - l.refunded_quantity),
       sum(l.total_minor - l.refunded_minor),
       sum(l.total_minor - l.refunded_minor
           - CASE WHEN l.total_minor = 0 THEN 0
             ELSE round(l.tax_minor::numeric * (l.total_minor - l.refunded_minor) / l.total_minor)
             END),
       sum(off.minor), sum(l.refunded_minor)
FROM orders_order o
JOIN orders_orderline l ON l.order_id = o.id
CROSS JOIN LATERAL (
    SELECT coalesce(-sum((a->>'amount_minor')::bigint), 0) AS minor
    FROM jsonb_array_elements(l.adjustments) a
    WHERE (a->>'campaign_id')::bigint = %(campaign)s
) off
WHERE o.number = ANY(%(numbers)s) AND off.minor > 0
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
_BY_ORDER = """
SELECT o.number, sum(-(a->>'amount_minor')::bigint)
FROM orders_order o
JOIN orders_orderline l ON l.order_id = o.id
CROSS JOIN LATERAL jsonb_array_elements(l.adjustments) a
WHERE o.number = ANY(%(numbers)s) AND (a->>'campaign_id')::bigint = %(campaign)s
GROUP BY 1
"""


def list_campaign_lines(*, campaign_id: int, numbers: Sequence[str]) -> list[CampaignLine]:
    """Return the lines that a campaign lowered in these orders, summed up. One query."""
    parameters: dict[str, Any] = {
        "zone": settings.BUSINESS_TIME_ZONE,
        "campaign": campaign_id,
        "numbers": list(numbers),
    }
    with connection.cursor() as cursor:
        cursor.execute(_LINES, parameters)
        return [CampaignLine(row[0], row[1], *map(int, row[2:])) for row in cursor.fetchall()]


def sum_adjustments(*, campaign_id: int, numbers: Sequence[str]) -> dict[str, int]:
    """Return what a campaign took off the lines of each of these orders, by number. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_BY_ORDER, {"campaign": campaign_id, "numbers": list(numbers)})
        return {number: int(minor) for number, minor in cursor.fetchall()}


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
