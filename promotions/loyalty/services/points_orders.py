"""Points of an order: held and earned when placed, settled when paid, undone when cancelled.

All run in the order's own transaction, after stock, coupons and budgets. The row of the order
(`PointsOrder`) says what happened already, so every act may be repeated.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from promotions.coupons.api import share_of_units
from promotions.loyalty.core.points import EarnLine, earn_points
from promotions.loyalty.models import Bucket, PointsAccount, PointsEntry, PointsOrder
from promotions.loyalty.selectors.terms import Programme, find_programme, get_terms, read_standing
from promotions.loyalty.services.points import (
    RETURNED_LAST,
    Act,
    PointsRefused,
    expiry_of,
    lock_account,
    make_available,
    post,
    reverse_available,
    take_available,
)
from promotions.metrics import points_total

Kind = PointsEntry.Kind
State = PointsOrder.State


@dataclass(frozen=True, slots=True)
class PointsLine:
    """A line of the order: its position, units, the goods' price before and after points.

    `spent` points pay `spent_minor` of it.
    """

    line: int
    quantity: int
    goods_minor: int
    category_ids: tuple[int, ...] = ()
    spent: int = 0
    spent_minor: int = 0


@dataclass(frozen=True, slots=True)
class ReturnedUnits:
    """`more` units of a line go back after `before` went back earlier."""

    line: int
    before: int
    more: int


@transaction.atomic(savepoint=False)
def open_points(
    *,
    order_ref: str,
    shopper_id: int,
    lines: Sequence[PointsLine],
    identity: Collection[str],
    now: datetime,
    bonus: int = 0,
) -> int:
    """Hold what the order spends and note what it earns as pending; return what it earns.

    What points pay earns nothing. A shopper who has not joined earns nothing. Raises PointsRefused
    (points_gone, not_a_member); then the order must not be placed.
    """
    spent = sum(line.spent for line in lines)
    account = PointsAccount.objects.filter(shopper_id=shopper_id).first()
    programme = _programme_of(account, now)
    if account is None or programme is None:
        if spent:
            raise PointsRefused("Points cannot be used here.", code="not_a_member")
        return 0
    account = lock_account(account.pk)
    order = PointsOrder(
        account=account,
        terms_id=programme.terms.terms_id,
        order_ref=order_ref,
        spent=spent,
        spent_minor=sum(line.spent_minor for line in lines),
        spent_lasts_until=hold_spent(account.pk, order_ref, spent, now),
        identity=sorted(identity),
        at=now,
    )
    book_earned(order, programme, lines, bonus=bonus, now=now)
    return order.earned


def book_earned(
    order: PointsOrder,
    programme: Programme,
    lines: Sequence[PointsLine],
    *,
    now: datetime,
    bonus: int = 0,
) -> None:
    """Note the lines of an order whose account is locked, and what they earn, as pending."""
    standing = read_standing(account_id=order.account_id, programme=programme, now=now)
    tier = standing.tier.code if standing.tier else None
    left = [EarnLine(line.goods_minor - line.spent_minor, line.category_ids) for line in lines]
    earned = earn_points(programme.terms, left, tier, bonus)
    order.lines = [_row(line, points) for line, points in zip(lines, earned, strict=True)]
    order.earned = sum(earned)
    order.counted_minor = sum(line.goods_minor for line in lines)
    order.save()
    act = Act(Kind.EARN, f"earn:{order.order_ref}", now, order.order_ref)
    _move(order, act, Bucket.ISSUED, Bucket.PENDING, order.earned)


@transaction.atomic(savepoint=False)
def settle_points(*, order_ref: str, now: datetime) -> None:
    """The order is paid: what it spent is gone, what it earned is due after the return window."""
    order = _lock(order_ref)
    if order is None or order.state != State.OPEN:
        return
    terms = get_terms(order.terms_id)
    act = Act(Kind.REDEEM, f"redeem:{order_ref}", now, order_ref)
    _move(order, act, Bucket.HELD, Bucket.REDEEMED, order.spent)
    order.state, order.paid_at = State.PAID, now
    order.due_at = now + timedelta(days=terms.return_window_days)
    order.save(update_fields=["state", "paid_at", "due_at"])


@transaction.atomic
def release_points(*, order_ref: str, now: datetime) -> None:
    """The order was not paid in the end: what it held comes back as it was, nothing is earned."""
    order = _lock(order_ref)
    if order is None or order.state != State.OPEN:
        return
    if order.spent:
        act = Act(Kind.UNHOLD, f"unhold:{order_ref}", now, order_ref)
        _give_back(order, act, Bucket.HELD, order.spent)
    act = Act(Kind.REVERSE, f"reverse:{order_ref}", now, order_ref)
    _move(order, act, Bucket.PENDING, Bucket.ISSUED, order.earned)
    order.state, order.returned, order.reversed = State.VOID, order.spent, order.earned
    order.counted_minor = 0
    order.save(update_fields=["state", "returned", "reversed", "counted_minor"])


@transaction.atomic
def return_points(*, order_ref: str, units: Sequence[ReturnedUnits], now: datetime) -> None:
    """Units go back: the points that paid for them return, those they earned are taken back.

    Each unit's share is exact, so the parts of several returns sum to the order's points. What
    was earned and is spent already is owed, and paid off by what is earned next.
    """
    order = _lock(order_ref)
    if order is None or order.state not in (State.PAID, State.RELEASED):
        return
    known = {row["line"]: row for row in order.lines}
    back = taken = minor = 0
    for each in units:
        row = known[each.line]
        back += _share(row, "spent", each)
        taken += _share(row, "earned", each)
        minor += _share(row, "minor", each)
    part = f"{order.returned}+{order.reversed}+{order.counted_minor}"
    if back:
        act = Act(Kind.RETURN, f"return:{order_ref}:{part}", now, order_ref)
        _give_back(order, act, Bucket.REDEEMED, back)
    if taken:
        _take_back(order, Act(Kind.REVERSE, f"reverse:{order_ref}:{part}", now, order_ref), taken)
    order.returned += back
    order.reversed += taken
    order.counted_minor -= minor
    if order.reversed == order.earned and not order.counted_minor:
        order.state = State.VOID
    order.save(update_fields=["returned", "reversed", "counted_minor", "state"])


@transaction.atomic
def release_due_order(*, order_id: int, now: datetime) -> int:
    """Make what an order earned available once its return window is over; return how much."""
    account_id = PointsOrder.objects.values_list("account_id", flat=True).get(pk=order_id)
    lock_account(account_id)
    order = PointsOrder.objects.select_for_update(of=("self",)).get(pk=order_id)
    if order.state != State.PAID or order.due_at is None or now < order.due_at:
        return 0
    points = order.earned - order.reversed
    if points:
        make_available(
            account_id=account_id,
            act=Act(Kind.RELEASE, f"release:{order.order_ref}", now, order.order_ref),
            source=Bucket.PENDING,
            points=points,
            expires_at=expiry_of(get_terms(order.terms_id), now),
        )
    order.state = State.RELEASED
    order.save(update_fields=["state"])
    points_total.labels(kind=Kind.RELEASE.value).inc(points)
    return points


def _programme_of(account: PointsAccount | None, now: datetime) -> Programme | None:
    return None if account is None else find_programme(market_code=account.market_code, now=now)


def _row(line: PointsLine, earned: int) -> dict[str, int]:
    return {
        "line": line.line,
        "quantity": line.quantity,
        "earned": earned,
        "spent": line.spent,
        "minor": line.goods_minor,
    }


def _share(row: dict[str, Any], name: str, units: ReturnedUnits) -> int:
    return share_of_units(row[name], row["quantity"], before=units.before, more=units.more)


def _lock(order_ref: str) -> PointsOrder | None:
    """Lock the account, then the order's row: everybody does it in this order."""
    found = PointsOrder.objects.filter(order_ref=order_ref)
    account_id = found.values_list("account_id", flat=True).first()
    if account_id is None:
        return None
    lock_account(account_id)
    return found.select_for_update(of=("self",)).first()


def hold_spent(account_id: int, order_ref: str, points: int, now: datetime) -> datetime | None:
    """Hold what an order spends; return when the longest-lived of it would have expired.

    Raises PointsRefused (points_gone).
    """
    if not points:
        return None
    lasts = take_available(
        account_id=account_id,
        act=Act(Kind.HOLD, f"hold:{order_ref}", now, order_ref),
        target=Bucket.HELD,
        points=points,
    )
    points_total.labels(kind=Kind.HOLD.value).inc(points)
    return lasts


def _move(order: PointsOrder, act: Act, source: Bucket, target: Bucket, points: int) -> None:
    """Move points that must be there: this order's own."""
    if not points:
        return
    moved = post(account_id=order.account_id, act=act, source=source, target=target, points=points)
    if not moved:
        raise RuntimeError(f"points of {order.order_ref}: {source} holds fewer than {points}")
    points_total.labels(kind=act.kind.value).inc(points)


def _give_back(order: PointsOrder, act: Act, source: Bucket, points: int) -> None:
    """Return spent points; they last as long as they would have, a month at least."""
    lasts = order.spent_lasts_until
    make_available(
        account_id=order.account_id,
        act=act,
        source=source,
        points=points,
        expires_at=None if lasts is None else max(lasts, act.now + RETURNED_LAST),
    )
    points_total.labels(kind=act.kind.value).inc(points)


def _take_back(order: PointsOrder, act: Act, points: int) -> None:
    """Take earned points back: while pending from there, then what is left of them, then owed."""
    if order.state == State.PAID:
        _move(order, act, Bucket.PENDING, Bucket.ISSUED, points)
        return
    reverse_available(account_id=order.account_id, act=act, points=points)
    points_total.labels(kind=act.kind.value).inc(points)
