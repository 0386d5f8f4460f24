"""A sale at a till earns as an order does; its products come back as those of an order do.

The sale itself is not booked here: store sales come in by file. Locks: the sale, then the account.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from promotions.coupons.api import share_of_units
from promotions.loyalty.core.points import AGE_LIMITED, Terms
from promotions.loyalty.core.pos import (
    CLOCK_SLACK,
    SENT_WITHIN,
    PosReceipt,
    PosRefused,
    PosTerminal,
    lowest_category,
    read_member_number,
    spread_points,
)
from promotions.loyalty.models import PointsOrder, TillSale
from promotions.loyalty.selectors.terms import pos_order_ref, read_programme
from promotions.loyalty.services.points import find_member, lock_account
from promotions.loyalty.services.points_orders import (
    PointsLine,
    ReturnedUnits,
    book_earned,
    open_points,
    return_points,
    settle_points,
)
from promotions.loyalty.services.pos_holds import (
    Answer,
    Ask,
    Kind,
    check_currency,
    lock_sale,
    open_sale,
    recall,
    record,
    require_programme,
    tell_balance,
)
from promotions.metrics import till_acts_total
from shop.ground.catalog.selectors.keys import find_trails
from shop.ground.kernel.translation import gettext_noop

State = TillSale.State


@transaction.atomic
def sell_at_pos(*, till: PosTerminal, receipt: PosReceipt, now: datetime) -> Answer:
    """Book what a sale earns and uses; the same receipt again gets the same answer.

    Raises PosRefused (member_unknown, member_differs, amount_differs, hold_gone, time_refused,
    currency_differs, sale_differs), PointsRefused (no_programme), TooManyWrongCodes.
    """
    check_currency(till, receipt.currency)
    if not now - SENT_WITHIN <= receipt.sold_at <= now + CLOCK_SLACK:
        raise PosRefused(gettext_noop("The time of the sale cannot be right."), code="time_refused")
    sale = open_sale(till, receipt.reference, now)
    ask = Ask(till, Kind.SELL, "", _body(receipt), now)
    known = recall(sale, ask)
    if known is not None:
        return known
    found = find_trails([line.sku for line in receipt.lines if line.sku])
    trails = {
        sku: (*trail, AGE_LIMITED) if is_limited else trail
        for sku, (trail, is_limited) in found.items()
    }
    at = min(receipt.sold_at, now)
    if sale.state == State.HELD:
        order, lines = _fill_held(sale, receipt, trails, till, at)
    else:
        order, lines = _open_earned(sale, receipt, trails, till, at)
    settle_points(order_ref=order.order_ref, now=now)
    sale.state, sale.points_order, sale.sold_at = State.SOLD, order, receipt.sold_at
    sale.total_minor, sale.lines = receipt.total_minor, _keep(receipt, lines)
    sale.save()
    answer = {
        "points_earned": order.earned,
        "points_used": order.spent,
        "points_minor": order.spent_minor,
        "unknown_lines": [n for n, line in enumerate(receipt.lines) if line.sku not in trails],
        **tell_balance(order.account_id, now),
    }
    till_acts_total.labels(kind=Kind.SELL.value).inc()
    return record(sale, ask, answer)


@transaction.atomic
def return_at_pos(
    *,
    till: PosTerminal,
    reference: str,
    return_reference: str,
    lines: Sequence[tuple[int, int]],
    now: datetime,
) -> Answer:
    """Take (line, quantity) pairs of a sale back, or without any all that is left of it.

    Points go both ways at each unit's exact share. The same return reference of one sale returns
    once. Raises PosRefused (sale_unknown, sale_open, bad_quantity, sale_differs).
    """
    sale = lock_sale(till, reference)
    body = {"lines": [list(pair) for pair in lines]}
    ask = Ask(till, Kind.RETURN, return_reference, body, now)
    known = recall(sale, ask)
    if known is not None:
        return known
    order = sale.points_order
    if sale.state != State.SOLD or order is None:
        raise PosRefused(
            gettext_noop("This sale is still open: cancel the use instead."), code="sale_open"
        )
    units = _units(sale, lines)
    lock_account(order.account_id)
    order.refresh_from_db()
    before = (order.reversed, order.returned)
    return_points(order_ref=order.order_ref, units=units, now=now)
    order.refresh_from_db()
    products, paid_by_points = (
        _sum_shares(sale, units, name) for name in ("minor", "points_minor")
    )
    for each in units:
        sale.lines[each.line]["returned"] += each.more
    sale.save(update_fields=["lines"])
    answer = {
        "points_taken_back": order.reversed - before[0],
        "points_given_back": order.returned - before[1],
        "goods_minor": products,
        "money_back_minor": products - paid_by_points,
        **tell_balance(order.account_id, now),
    }
    till_acts_total.labels(kind=Kind.RETURN.value).inc()
    return record(sale, ask, answer)


def _fill_held(
    sale: TillSale,
    receipt: PosReceipt,
    trails: dict[str, tuple[int, ...]],
    till: PosTerminal,
    at: datetime,
) -> tuple[PointsOrder, list[PointsLine]]:
    """Give the order that holds points its lines; it earns by the terms it was held under."""
    held = sale.points_order
    if held is None or held.state != PointsOrder.State.OPEN:
        raise PosRefused(gettext_noop("The points are not held any more."), code="hold_gone")
    if receipt.member_number:
        named = find_member(till=till, number=receipt.member_number)
        if named.pk != held.account_id:
            raise PosRefused(
                gettext_noop("Code and member number are of two members."), code="member_differs"
            )
    if receipt.total_minor != sale.total_minor:
        raise PosRefused(
            gettext_noop("The sale must be of the amount that points were held for."),
            code="amount_differs",
            amount_minor=sale.total_minor,
        )
    lock_account(held.account_id)
    order = PointsOrder.objects.select_for_update(of=("self",)).get(pk=held.pk)
    if order.state != PointsOrder.State.OPEN:
        raise PosRefused(gettext_noop("The points are not held any more."), code="hold_gone")
    programme = read_programme(order.terms)
    spends = spread_points(order.spent, order.spent_minor, [line.minor for line in receipt.lines])
    lines = _lines(receipt, trails, programme.terms, spends)
    book_earned(order, programme, lines, now=at)
    return order, lines


def _open_earned(
    sale: TillSale,
    receipt: PosReceipt,
    trails: dict[str, tuple[int, ...]],
    till: PosTerminal,
    at: datetime,
) -> tuple[PointsOrder, list[PointsLine]]:
    """Open the points of a sale by member number: it earns and can use none."""
    member = find_member(till=till, number=receipt.member_number)
    programme = require_programme(till.market_code, at)
    lines = _lines(receipt, trails, programme.terms, [(0, 0)] * len(receipt.lines))
    sale.attempts += 1
    order_ref = pos_order_ref(sale.pk, sale.attempts)
    open_points(
        order_ref=order_ref,
        shopper_id=member.shopper_id or 0,
        lines=lines,
        identity=(),
        now=at,
    )
    return PointsOrder.objects.get(order_ref=order_ref), lines


def _lines(
    receipt: PosReceipt,
    trails: dict[str, tuple[int, ...]],
    terms: Terms,
    spends: Sequence[tuple[int, int]],
) -> list[PointsLine]:
    unknown = lowest_category(terms)
    return [
        PointsLine(
            line=position,
            quantity=line.quantity,
            goods_minor=line.minor,
            category_ids=trails.get(line.sku, unknown),
            spent=points,
            spent_minor=minor,
        )
        for position, (line, (points, minor)) in enumerate(zip(receipt.lines, spends, strict=True))
    ]


def _keep(receipt: PosReceipt, lines: Sequence[PointsLine]) -> list[dict[str, Any]]:
    return [
        {
            "sku": said.sku,
            "quantity": said.quantity,
            "minor": said.minor,
            "points_minor": line.spent_minor,
            "returned": 0,
        }
        for said, line in zip(receipt.lines, lines, strict=True)
    ]


def _units(sale: TillSale, lines: Sequence[tuple[int, int]]) -> list[ReturnedUnits]:
    left = {n: row["quantity"] - row["returned"] for n, row in enumerate(sale.lines)}
    wanted = list(lines) or [(n, quantity) for n, quantity in left.items() if quantity]
    is_once = len({n for n, _ in wanted}) == len(wanted)
    if not wanted or not is_once or any(not 0 < q <= left.get(n, 0) for n, q in wanted):
        raise PosRefused(gettext_noop("That many are not left to return."), code="bad_quantity")
    return [ReturnedUnits(n, sale.lines[n]["returned"], quantity) for n, quantity in wanted]


def _sum_shares(sale: TillSale, units: Sequence[ReturnedUnits], name: str) -> int:
    rows = sale.lines
    return sum(
        share_of_units(
            rows[each.line][name], rows[each.line]["quantity"], before=each.before, more=each.more
        )
        for each in units
    )


def _body(receipt: PosReceipt) -> dict[str, Any]:
    """Return what must be the same when a receipt is sent again."""
    return {
        "member": read_member_number(receipt.member_number) or receipt.member_number,
        "lines": [[line.sku, line.quantity, line.minor] for line in receipt.lines],
        "currency": receipt.currency,
        "sold_at": receipt.sold_at.astimezone(UTC).isoformat(),
    }
