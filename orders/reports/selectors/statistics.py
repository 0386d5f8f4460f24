"""Figures of sales: by day, channel and product with margin; what was sold since."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import Count, F, FloatField, Max, Q, QuerySet, Sum, Value
from django.db.models.functions import Cast, Coalesce, TruncDate
from django.db.models.lookups import IsNull

from orders.order.core import OrderStatus
from orders.order.models import Order, OrderLine
from orders.reports.models import SalesDay
from shop.ground.catalog.selectors import CostToday, cost_sql
from shop.ground.inventory.selectors import read_stock

# What every figure of sales counts: products after discounts with their tax, before delivery,
# refunds taken off.
SALES = Sum(F("total_minor") - F("refunded_minor"))
SOLD = (Order.Status.PAID, Order.Status.FULFILLED, Order.Status.REFUNDED)
A_DAY = timedelta(days=1)
PACE_OF = timedelta(days=14)
LEAST_SOLD = 3


@dataclass(frozen=True, slots=True)
class DaySales:
    """What was sold on one business day through one channel in one currency, refunds taken off.
    Minor units of that currency.

    `margin_minor` is net of tax and of cost (when it was bought, else today's in that market), over
    the lines whose cost is known; these make up `margin_base_minor` of net sales. The personal
    discount is public less quoted price over the lines with a personal price, whose public prices
    sum to `personal_public_minor`.
    """

    day: date
    channel: str
    currency: str
    orders: int
    lines: int
    sales_minor: int
    margin_minor: int
    margin_base_minor: int
    personal_lines: int
    personal_public_minor: int
    personal_discount_minor: int


FIGURES = tuple(field.name for field in fields(DaySales))
KEYS = ("day", "channel", "currency")


def list_day_sales(*, since: date, today: date, currency: str, market: str = "") -> list[DaySales]:
    """Return sales in a currency from `since` to `today` by business day and channel.

    Three queries. Days before yesterday come from the stored sums, as far as the job has made them;
    the others are summed here, and so are all days of one of several markets with this currency
    (`market`). Days without sales have no row.
    """
    if market:
        return sum_sales(since=since, until=today + A_DAY, currency=currency, market=market)
    zone = settings.BUSINESS_TIME_ZONE
    stored = SalesDay.objects.filter(zone=zone, day__gte=since)
    newest = stored.aggregate(day=Max("day"))["day"]
    live_from = since if newest is None else min(newest + A_DAY, today - A_DAY)
    kept = stored.filter(day__lt=live_from, currency=currency).order_by("day", "channel")
    live_from = max(live_from, since)
    live = sum_sales(since=live_from, until=today + A_DAY, currency=currency)
    return [*(DaySales(*row) for row in kept.values_list(*FIGURES)), *live]


def filter_sold(
    *, since: datetime, until: datetime, currency: str = "", market: str = ""
) -> QuerySet[OrderLine]:
    """Return the lines that were sold in `[since, until)`, of one currency and market if asked."""
    lines = OrderLine.objects.filter(
        order__status__in=SOLD, order__placed_at__gte=since, order__placed_at__lt=until
    ).order_by()
    if currency:
        lines = lines.filter(order__currency=currency)
    if market:
        lines = lines.filter(order__market_code=market)
    return lines


def sum_sales(*, since: date, until: date, currency: str = "", market: str = "") -> list[DaySales]:
    """Sum the order lines of business days `[since, until)`, of every currency by itself or of one,
    and of one market if asked. One query, 2 ms per 1,000 lines."""
    zone = ZoneInfo(settings.BUSINESS_TIME_ZONE)
    start, end = (datetime.combine(day, time.min, zone) for day in (since, until))
    day = TruncDate("order__placed_at", tzinfo=zone)
    lines = filter_sold(since=start, until=end, currency=currency, market=market)
    rows: Any = (  # the stubs type rows by literal keys; these are read by FIGURES
        lines.values(day=day, channel=F("order__channel"), currency=F("order__currency"))
        .annotate(**_sums())
        .order_by(*KEYS)
    )
    return [DaySales(**{name: _whole(name, row[name]) for name in FIGURES}) for row in rows]


def _whole(name: str, figure: Any) -> Any:
    return figure if name in KEYS else round(figure)


def _sums() -> dict[str, Any]:
    kept = F("quantity") - F("refunded_quantity")
    share = Cast(kept, FloatField()) / F("quantity")
    net = (F("total_minor") - F("tax_minor")) * share
    cost = Coalesce(F("cost_minor"), CostToday("variant_id", "order__market_code"))
    is_personal = Q(is_personal=True)
    public = F("public_minor") * F("quantity")
    saved = (F("public_minor") - F("quoted_minor")) * F("quantity")
    zero = Value(0)
    return {
        "orders": Count("order", distinct=True),
        "lines": Count("id"),
        "sales_minor": SALES,
        "margin_minor": Coalesce(Sum(net - kept * cost), Value(0.0)),
        "margin_base_minor": Coalesce(Sum(net, filter=IsNull(cost, rhs=False)), Value(0.0)),
        "personal_lines": Count("id", filter=is_personal),
        "personal_public_minor": Coalesce(Sum(public, filter=is_personal), zero),
        "personal_discount_minor": Coalesce(Sum(saved, filter=is_personal), zero),
    }


def find_first_order_at() -> datetime | None:
    """Return when the first order was placed, or None. One indexed query."""
    first: datetime | None = (
        Order.objects.order_by("placed_at").values_list("placed_at", flat=True).first()
    )
    return first


def find_order_of_quote(*, quote_id: UUID | str) -> tuple[int, str] | None:
    """Return (order id, number) of the order a quote became, or None. One indexed query."""
    lines = OrderLine.objects.filter(quote_id=quote_id)
    found: tuple[int, str] | None = lines.values_list("order_id", "order__number").first()
    return found


@dataclass(frozen=True, slots=True)
class StaffOrderRow:
    """An order in a short list for staff."""

    order_id: int
    number: str
    placed_at: datetime
    channel: str
    status: str
    currency: str
    total_minor: int
    personal_lines: int


def list_orders_of_shopper(*, shopper_id: int, limit: int = 20) -> list[StaffOrderRow]:
    """Return a shopper's newest orders with their personal lines counted. One query."""
    orders = (
        Order.objects.filter(shopper_id=shopper_id)
        .annotate(personal_lines=Count("lines", filter=Q(lines__is_personal=True)))
        .order_by("-placed_at", "-id")[:limit]
    )
    return [
        StaffOrderRow(
            order_id=order.pk,
            number=order.number,
            placed_at=order.placed_at,
            channel=order.channel,
            status=order.get_status_display(),
            currency=order.currency,
            total_minor=order.total_minor,
            personal_lines=order.personal_lines,
        )
        for order in orders
    ]


def list_running_out(*, now: datetime, days: int = 2) -> list[int]:
    """Return the variants whose online stock lasts less than `days` at the pace of the last two
    weeks, the shortest first; of fewer than LEAST_SOLD pieces nothing is said. Two queries.
    """
    lines = OrderLine.objects.filter(
        order__placed_at__gte=now - PACE_OF, order__status__in=SOLD, order__channel="online"
    )
    pieces = Sum(F("quantity") - F("refunded_quantity"))
    rows = lines.order_by().values("variant_id").annotate(pieces=pieces)
    sold = dict(rows.filter(pieces__gte=LEAST_SOLD).values_list("variant_id", "pieces"))
    lasts = {
        variant_id: (on_hand - reserved) * PACE_OF.days / sold[variant_id]
        for variant_id, (on_hand, reserved) in read_stock(sold).items()
        if on_hand > reserved
    }
    return sorted((one for one in lasts if lasts[one] < days), key=lambda one: (lasts[one], one))


def list_ordered_since(variant_ids: Collection[int], since: datetime) -> set[int]:
    """Return those of the variants that an order placed since then names. One query."""
    lines = OrderLine.objects.filter(variant_id__in=variant_ids, order__placed_at__gte=since)
    return set(lines.values_list("variant_id", flat=True))


def list_taken_lines(refs: Collection[str]) -> dict[str, list[tuple[str, int, int]]]:
    """Return SKU, pieces and what was paid of each line of orders of an earlier system."""
    found: dict[str, list[tuple[str, int, int]]] = {}
    rows = OrderLine.objects.filter(order__external_ref__in=refs).values_list(
        "order__external_ref", "variant__sku", "quantity", "total_minor"
    )
    for ref, sku, quantity, paid in rows:
        found.setdefault(str(ref), []).append((sku, quantity, paid))
    return found


@dataclass(frozen=True, slots=True)
class SimulatedSales:
    """How many simulated orders there are, and what the paid ones come to by currency."""

    orders: int
    paid_minor: tuple[tuple[str, int], ...]


def sum_simulated() -> SimulatedSales | None:
    """Return what simulated visits ordered, None where there were none. One query."""
    paid = (OrderStatus.PAID, OrderStatus.FULFILLED, OrderStatus.REFUNDED)
    rows = (
        Order.objects.filter(is_simulated=True)
        .order_by("currency", "status")
        .values_list("currency", "status")
        .annotate(count=Count("pk"), total=Sum("total_minor"), back=Sum("refunded_minor"))
    )
    orders, sums = 0, dict[str, int]()
    for currency, status, count, total, back in rows:
        orders += count
        if status in paid:
            sums[currency] = sums.get(currency, 0) + total - back
    return SimulatedSales(orders, tuple(sums.items())) if orders else None


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
