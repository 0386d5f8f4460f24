"""What chosen shoppers brought: orders, sales and margin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from orders.reports.selectors.statistics import SOLD
from shop.ground.catalog.selectors import cost_sql

_SUMS = """
SELECT count(DISTINCT o.shopper_id), count(DISTINCT o.id),
       coalesce(sum(x.net), 0), coalesce(sum(x.net - x.cost) FILTER (WHERE x.cost IS NOT NULL), 0)
FROM orders_order o
JOIN orders_orderline l ON l.order_id = o.id
CROSS JOIN LATERAL (
    SELECT l.total_minor - l.refunded_minor
           - CASE WHEN l.total_minor = 0 THEN 0
             ELSE round(l.tax_minor::numeric * (l.total_minor - l.refunded_minor) / l.total_minor)
             END AS net,
           coalesce(l.cost_minor, {cost}) * (l.quantity - l.refunded_quantity) AS cost
) x
WHERE o.shopper_id = ANY(%(shoppers)s) AND o.status = ANY(%(sold)s)
  AND o.market_code = %(market)s AND o.placed_at >= %(since)s AND o.placed_at < %(until)s
""".replace("{cost}", cost_sql(variant="l.variant_id", market="o.market_code"))


@dataclass(frozen=True, slots=True)
class ShopperSales:
    """Orders, sales without tax and margin of some shoppers, refunds taken off; minor units.

    Lines whose cost nobody knows are not in the margin. `buyers` ordered at all.
    """

    shoppers: int
    buyers: int
    orders: int
    net_minor: int
    margin_minor: int


def sum_shopper_sales(
    *, shopper_ids: Sequence[int], since: datetime, until: datetime, market_code: str
) -> ShopperSales:
    """Return what shoppers bought in a market in `[since, until)`. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            _SUMS,
            {
                "shoppers": list(shopper_ids),
                "sold": [str(one) for one in SOLD],
                "market": market_code,
                "since": since,
                "until": until,
            },
        )
        buyers, orders, net, margin = cursor.fetchone()
    return ShopperSales(len(shopper_ids), int(buyers), int(orders), int(net), int(margin))
