"""Reports about shoppers: who came back, who was reached, who bought."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from django.db import connection
from django.db.models import Count, F
from django.db.models.functions import TruncDate, TruncTime
from django.db.models.lookups import LessThanOrEqual
from numpy.typing import NDArray

from orders.reports.selectors.recorded_orders import GONE
from orders.reports.selectors.statistics import A_DAY, SALES, SOLD, filter_sold
from shop.ground.catalog.selectors import cost_sql
from shop.ground.database.packed import Packed, fetch_packed

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


_SOURCE = """
FROM (
    SELECT shopper_id, extract(epoch FROM max(placed_at))::float8 AS last_at{sums}
    FROM orders_order
    WHERE shopper_id IS NOT NULL AND placed_at <= %(now)s AND status <> ALL(%(gone)s)
    GROUP BY shopper_id
) AS placed
"""


@dataclass(frozen=True, slots=True)
class OrderColumns:
    """Aligned with the shoppers asked for: last order in seconds (nan: none), sums by window."""

    last_at: NDArray[np.float64]
    counts: dict[int, NDArray[np.int64]]
    spent: dict[int, NDArray[np.int64]]


def load_order_columns(
    *,
    shopper_id: NDArray[np.int64],
    counted: Collection[int],
    summed: Collection[int],
    currency: str,
    now: datetime,
) -> OrderColumns:
    """Return what the shoppers (ascending ids) ordered up to `now`. One query.

    `counted` and `summed` are windows in days, as conditions on orders and on spending ask.
    """
    sums = {f"count_{days}": ("count(*)", "true", days) for days in counted}
    of_money = "coalesce(sum(total_minor - refunded_minor)"
    sums |= {f"spent_{days}": (of_money, "currency = %(currency)s", days) for days in summed}
    columns = [
        Packed("shopper", ">i8", "int8send(shopper_id)"),
        Packed("last", ">f8", "float8send(last_at)"),
        *(Packed(name, ">i8", f"int8send({name}::int8)") for name in sums),
    ]
    asked = "".join(f", {_sum_up(name, *said)}" for name, said in sums.items())
    parameters = {
        **{f"since_{days}": now - timedelta(days=days) for days in {*counted, *summed}},
        "now": now,
        "gone": [str(one) for one in GONE],
        "currency": currency,
    }
    rows = fetch_packed(columns, _SOURCE.format(sums=asked), parameters)
    at = np.minimum(np.searchsorted(shopper_id, rows["shopper"]), max(len(shopper_id) - 1, 0))
    known = shopper_id[at] == rows["shopper"] if len(shopper_id) else np.zeros(0, np.bool_)
    at, rows = at[known], rows[known]
    last_at = np.full(len(shopper_id), np.nan)
    last_at[at] = rows["last"]

    def place(name: str) -> NDArray[np.int64]:
        found = np.zeros(len(shopper_id), dtype=np.int64)
        found[at] = rows[name]
        return found

    counts = {days: place(f"count_{days}") for days in counted}
    return OrderColumns(last_at, counts, {days: place(f"spent_{days}") for days in summed})


def _sum_up(name: str, what: str, asked: str, days: int) -> str:
    """Return the SQL of one sum over a window."""
    filtered = f"FILTER (WHERE placed_at > %(since_{days})s AND {asked})"
    return f"{what} {filtered}{', 0)' if what.startswith('coalesce') else ''} AS {name}"


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
