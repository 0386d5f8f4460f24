"""Transitions of an order when it is paid, closed or given back, and the locks they hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from orders.metrics import discount_minor_total, orders_total, revenue_minor_total
from orders.order.core import OrderStatus, may_become
from orders.order.models import Order, OrderEvent, OrderLine
from orders.refusals import OrderNotFound, OrderRefused
from profiles.events.api import SHOP, SIMULATED, record_purchase_events
from profiles.values import PurchasedLine
from promotions.coupons.api import commit_redemptions, release_redemptions
from promotions.loyalty.api import ReturnedUnits, release_points, return_points, settle_points
from promotions.partners.api import DiscountedLine, record_partner_returns, record_partner_uses
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.services import commit_reservation, release_reservation, reserve_stock
from shop.ground.outbox.services import write_fact

# Reasons that are codes, not what somebody wrote: the shopper cancelled, or was erased.
REASON_CODES = ("shopper", "erased")


def settle_paid(order: Order, *, now: datetime) -> None:
    """Make a paid order final: stock sold, codes redeemed, purchase recorded, fact OrderPaid.

    Locks stock, then the order's rows. Holds of products and offers that ran out between deadline
    and payment are taken again first; raises OutOfStock or UseRefused if somebody else has them.
    """
    lines = list(order.lines.order_by("position"))
    if order.pay_until is not None and now >= order.pay_until:
        reserve_stock(
            holder=order_holder(order),
            lines=[StockLine(line.variant_id, line.quantity) for line in lines],
            expires_at=now + timedelta(minutes=5),
        )
    commit_reservation(holder=order_holder(order), reference=order.number, now=now)
    commit_redemptions(order_ref=order.number, now=now)
    record_partner_uses(order_ref=order.number, lines=discounts_of(order, lines), now=now)
    settle_points(order_ref=order.number, now=now)
    move_order(order, OrderStatus.PAID, now=now)
    if order.shopper_id is not None:
        record_purchase_events(
            shopper_id=order.shopper_id,
            basket_ref=order.number,
            lines=purchased_lines(lines),
            occurred_at=now,
            channel=order.channel,
            now=now,
            source=SIMULATED if order.is_simulated else SHOP,
        )
    write_fact(kind="OrderPaid", payload={"order_id": order.pk}, occurred_at=now)
    _count_sale(order, lines)


def close_unpaid(
    order: Order,
    status: OrderStatus,
    *,
    now: datetime,
    detail: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Give back what an unpaid order holds: stock, codes, budgets; cancelled or expired."""
    release_reservation(holder=order_holder(order))
    release_redemptions(order_ref=order.number, now=now)
    release_points(order_ref=order.number, now=now)
    move_order(order, status, now=now, detail=detail, reason=reason)


def move_order(
    order: Order,
    status: OrderStatus,
    *,
    now: datetime,
    detail: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Step the order to `status`, note it in the timeline. Raises RuntimeError on a wrong step."""
    if not may_become(order.status, status):
        raise RuntimeError(f"order {order.pk} cannot go from {order.status} to {status}")
    order.status = status.value
    if status is OrderStatus.PAID:
        order.paid_at = now
    else:
        order.closed_at = now
    order.save(update_fields=["status", "paid_at", "closed_at"])
    note(order, status.value, now=now, detail=detail, reason=reason)
    orders_total.labels(channel=order.channel, step=status.value).inc()


def note(
    order: Order,
    kind: str,
    *,
    now: datetime,
    detail: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Add a step to the order's timeline. `detail` holds codes and numbers, never free text about
    a person: that is `reason`, which erasure deletes.
    """
    OrderEvent.objects.create(order=order, kind=kind, detail=detail or {}, reason=reason, at=now)


def describe_step(*, by_id: int | None = None, amount_minor: int = 0) -> dict[str, Any]:
    """Return the detail of a step: which account of the staff acted, and how much went back.

    What is unknown or nothing is left out.
    """
    known = {"by_id": by_id, "amount_minor": amount_minor}
    return {name: value for name, value in known.items() if value}


def order_holder(order: Order) -> str:
    """Return under which name the order's stock is held: its cart's."""
    return f"cart:{order.cart_id}"


def purchased_lines(lines: Iterable[OrderLine]) -> list[PurchasedLine]:
    """Return the lines as profile events see them: what was paid for the products themselves.

    A gift was not bought: a price of nothing would teach demand models nonsense.

    Points are a way to pay: what they paid was paid, too, and is no discount to learn from.
    """
    return [
        PurchasedLine(
            variant_id=line.variant_id,
            quantity=line.quantity,
            paid_minor=line.subtotal_minor - line.discount_minor + line.points_minor,
            list_minor=line.list_minor * line.quantity,
            is_discounted=line.discount_minor > line.points_minor
            or line.quoted_minor < line.list_minor,
            quote_id=line.quote_id,
        )
        for line in lines
        if not line.is_gift
    ]


def discounts_of(order: Order, lines: Iterable[OrderLine]) -> list[DiscountedLine]:
    """Return what each campaign took off the lines and off the delivery, gifts included.

    What has no discount is left out; the delivery is one piece that stands on no line.
    """
    parts: list[tuple[int, int | None, int, Sequence[Mapping[str, Any]]]] = [
        (line.position, line.variant_id, line.quantity, line.adjustments) for line in lines
    ]
    parts.append((0, None, 1, order.delivery_adjustments))
    return [
        DiscountedLine(position, variant_id, quantity, _sum_by_campaign(kept))
        for position, variant_id, quantity, kept in parts
        if kept
    ]


def _sum_by_campaign(kept: Iterable[Mapping[str, Any]]) -> dict[int, int]:
    """Return what frozen adjustments took off, positive, by campaign."""
    discounts: dict[int, int] = {}
    for part in kept:
        campaign_id = int(part["campaign_id"])
        discounts[campaign_id] = discounts.get(campaign_id, 0) - int(part["amount_minor"])
    return discounts


def give_back(order: Order, amount_minor: int) -> None:
    """Raise the refunded sum of the order; its constraint refuses more than was paid."""
    Order.objects.filter(pk=order.pk).update(refunded_minor=F("refunded_minor") + amount_minor)
    order.refunded_minor += amount_minor


def _count_sale(order: Order, lines: Iterable[OrderLine]) -> None:
    revenue_minor_total.labels(channel=order.channel, currency=order.currency).inc(
        order.total_minor
    )
    personal = sum((line.public_minor - line.quoted_minor) * line.quantity for line in lines)
    discount_minor_total.labels(source="personal", currency=order.currency).inc(personal)
    discount_minor_total.labels(source="offers", currency=order.currency).inc(
        order.discount_minor - order.points_minor
    )
    discount_minor_total.labels(source="points", currency=order.currency).inc(order.points_minor)


def return_order_points(
    order: Order, returned: Sequence[tuple[int, int, int]], *, now: datetime, is_whole: bool
) -> None:
    """Settle (position, units back before, units back now) with partners and with points.

    `is_whole`: nothing is left of the order, so the delivery goes back as well.
    """
    units = [ReturnedUnits(position, before, more) for position, before, more in returned]
    record_partner_returns(order_ref=order.number, units=units, now=now, is_whole=is_whole)
    return_points(order_ref=order.number, units=units, now=now)


# Everything that moves an existing order from one state to the next first takes its step lock, so
# that a payment, a cancellation and an expiry of one order queue up instead of meeting half way.
# Nothing takes a step lock while it holds stock, so no circle can form.

STEP_SPACE = 0x6F72  # "or": the first half of every step lock of this room


def lock_order_step(order_id: int) -> Order:
    """Wait for the order's step lock, held until the transaction ends, and read the order fresh.

    Raises OrderNotFound.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [STEP_SPACE, order_id % 2**31])
    order = Order.objects.filter(pk=order_id).first()
    if order is None:
        raise OrderNotFound("There is no such order.")
    return order


LONGEST_COMMENT = OrderEvent._meta.get_field("reason").max_length or 300


@transaction.atomic
def comment_order(*, order_id: int, text: str, by_id: int, now: datetime) -> None:
    """Add a comment of the staff to the order's timeline; it is deleted with the shopper's data.

    Raises OrderRefused (no_comment) for no words or too many, OrderNotFound.
    """
    words = text.strip()
    if not 0 < len(words) <= LONGEST_COMMENT:
        said = _("Write a comment of 1 to %(n)s characters.") % {"n": LONGEST_COMMENT}
        raise OrderRefused(said, code="no_comment")
    order = Order.objects.filter(pk=order_id).first()
    if order is None:
        raise OrderNotFound("There is no such order.")
    note(order, "comment", now=now, detail=describe_step(by_id=by_id), reason=words)
