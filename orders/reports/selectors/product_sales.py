"""Sales of products week by week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import connection

from orders.reports.selectors.statistics import SOLD
from shop.ground.catalog.selectors import cost_sql

_WEEKS = """
SELECT date_trunc('week', o.placed_at AT TIME ZONE %(zone)s)::date AS week,
       sum(l.quantity - l.refunded_quantity)::bigint, sum(l.total_minor - l.refunded_minor)::bigint,
       coalesce(sum(l.total_minor - l.refunded_minor - l.tax_minor
           - coalesce(l.cost_minor, {cost}) * (l.quantity - l.refunded_quantity)), 0)::bigint,
       coalesce(sum(l.quantity - l.refunded_quantity)
           FILTER (WHERE l.quoted_minor < l.public_minor), 0)::bigint
FROM orders_order o JOIN orders_orderline l ON l.order_id = o.id
WHERE l.variant_id = ANY(%(variants)s) AND o.status = ANY(%(sold)s) AND o.market_code = %(market)s
  AND o.placed_at >= %(since)s
GROUP BY 1 ORDER BY 1
""".replace("{cost}", cost_sql(variant="l.variant_id", market="o.market_code"))


@dataclass(frozen=True, slots=True)
class WeekSales:
    """What a week brought, from its Monday on: pieces, sales with tax, margin; less refunds.

    `personal_units` were sold below the public price. Lines of unknown cost are not in the margin.
    """

    week: date
    units: int
    sales_minor: int
    margin_minor: int
    personal_units: int


def list_week_sales(
    *, variant_ids: Sequence[int], since: datetime, market_code: str
) -> list[WeekSales]:
    """Return the weeks in which some variants sold since a moment. One query."""
    given: dict[str, Any] = {
        "variants": list(variant_ids),
        "sold": [str(one) for one in SOLD],
        "market": market_code,
        "since": since,
        "zone": settings.BUSINESS_TIME_ZONE,
    }
    with connection.cursor() as cursor:
        cursor.execute(_WEEKS, given)
        return [WeekSales(*row) for row in cursor.fetchall()]
