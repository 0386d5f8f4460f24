"""Figures of sales for staff: by day and channel, with margin and personal prices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Case, Count, F, FloatField, Q, Sum, Value, When
from django.db.models.functions import Cast, Coalesce, TruncDate

from orders.models import Order, OrderLine

SOLD = (Order.Status.PAID, Order.Status.FULFILLED, Order.Status.REFUNDED)


@dataclass(frozen=True, slots=True)
class DaySales:
    """What was sold on one day through one channel, refunds taken off. Minor units.

    `margin_minor` is net of tax and of cost, over the lines whose cost is known; these make up
    `margin_base_minor` of net sales. The personal discount is public less quoted price over the
    lines with a personal price, whose public prices sum to `personal_public_minor`.
    """

    day: date
    channel: str
    orders: int
    lines: int
    sales_minor: int
    margin_minor: int
    margin_base_minor: int
    personal_lines: int
    personal_public_minor: int
    personal_discount_minor: int


def list_day_sales(*, since: datetime, until: datetime, zone: str) -> list[DaySales]:
    """Return sales of `[since, until)` by day of `zone` and channel, oldest first. One query."""
    kept = F("quantity") - F("refunded_quantity")
    share = Cast(kept, FloatField()) / F("quantity")
    net = (F("total_minor") - F("tax_minor")) * share
    cost = kept * F("variant__cost_minor")
    is_costed = Q(variant__cost_minor__isnull=False)
    is_personal = Q(is_personal=True)
    rows = (
        OrderLine.objects.filter(
            order__status__in=SOLD, order__placed_at__gte=since, order__placed_at__lt=until
        )
        .values(
            day=TruncDate("order__placed_at", tzinfo=ZoneInfo(zone)), channel=F("order__channel")
        )
        .annotate(
            orders=Count("order", distinct=True),
            lines=Count("id"),
            sales=Sum(F("total_minor") - F("refunded_minor")),
            margin=Sum(Case(When(is_costed, then=net - cost), default=Value(0.0))),
            margin_base=Sum(Case(When(is_costed, then=net), default=Value(0.0))),
            personal_lines=Count("id", filter=is_personal),
            personal_public=Coalesce(
                Sum(F("public_minor") * F("quantity"), filter=is_personal), Value(0)
            ),
            personal_discount=Coalesce(
                Sum((F("public_minor") - F("quoted_minor")) * F("quantity"), filter=is_personal),
                Value(0),
            ),
        )
        .order_by("day", "channel")
    )
    return [
        DaySales(
            day=row["day"],
            channel=row["channel"],
            orders=row["orders"],
            lines=row["lines"],
            sales_minor=int(row["sales"]),
            margin_minor=round(row["margin"]),
            margin_base_minor=round(row["margin_base"]),
            personal_lines=row["personal_lines"],
            personal_public_minor=int(row["personal_public"]),
            personal_discount_minor=int(row["personal_discount"]),
        )
        for row in rows
    ]


def find_order_of_quote(*, quote_id: object) -> tuple[int, str] | None:
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
