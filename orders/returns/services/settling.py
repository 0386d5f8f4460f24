"""Receive a return, inspect it, refund what is accepted, and send what is wanted in its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from orders.fulfilment.api import Replacement, plan_replacements
from orders.order.api import describe_step, lock_order_step, note
from orders.order.core import OrderStatus
from orders.order.models import Order, OrderLine
from orders.payments.api import RefundPart, count_refundable, refund_order, take_gifts_back
from orders.refusals import OrderRefused
from orders.returns.core import HOLD, Finding, ReturnState, ReturnView
from orders.returns.models import Return, ReturnExchange, ReturnLine
from orders.returns.selectors.returns import view_return
from shop.ground.inventory.core.holds import Claim
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.services import (
    OutOfStock,
    TooManyHeld,
    commit_reservation,
    lock_stock,
    release_reservation,
    reserve_stock,
    return_stock,
)
from shop.ground.outbox.services import write_fact


def lock_return(return_id: int) -> tuple[Order, Return]:
    """Take the step lock of the return's order and read both fresh. Raises OrderRefused."""
    order_id = Return.objects.filter(pk=return_id).values_list("order_id", flat=True).first()
    if order_id is None:
        raise OrderRefused(_("There is no such return."), code="return_not_found")
    order = lock_order_step(order_id)
    return order, Return.objects.get(pk=return_id)


def require_state(row: Return, *states: ReturnState) -> None:
    """Raise OrderRefused (return_moved_on) unless the return is in one of `states`."""
    if row.state not in states:
        said = _("This return is past that step. Reload the page to see where it is.")
        raise OrderRefused(said, code="return_moved_on")


def note_return(order: Order, row: Return, *, now: datetime, by_id: int | None = None) -> None:
    """Write the step into the order's timeline, and tell the other rooms."""
    detail = {"return_id": row.pk, "return": row.number} | describe_step(by_id=by_id)
    note(order, f"return_{row.state}", now=now, detail=detail)
    payload = {"order_id": order.pk, "return_id": row.pk, "state": row.state}
    write_fact(kind="ReturnMoved", payload=payload, occurred_at=now)


AT_ONCE = timedelta(minutes=5)


def holder_of(row: Return) -> str:
    """Return under which name the stock of a return is held."""
    return f"return:{row.pk}"


def hold_exchanges(order: Order, row: Return, *, now: datetime) -> None:
    """Keep what is wanted in exchange until `HOLD` from now. Raises OutOfStock, TooManyHeld."""
    until = now + HOLD
    wanted = _list_wanted(row)
    if wanted:
        claim = Claim(str(order.shopper_id or ""), "", short_until=until, is_order=True)
        lines = _stock_lines({one: one.quantity for one in wanted})
        reserve_stock(holder=holder_of(row), lines=lines, expires_at=until, claim=claim)


def hold_longer(order: Order, row: Return, *, now: datetime) -> None:
    """Keep it on after the arrival. What others bought meanwhile is refunded when it is settled."""
    with suppress(OutOfStock, TooManyHeld):
        hold_exchanges(order, row, now=now)


def release_exchanges(row: Return) -> None:
    """Give back what is held for the return."""
    release_reservation(holder=holder_of(row))


def take_exchanges(
    order: Order, row: Return, wanted: Mapping[ReturnExchange, int], *, now: datetime
) -> dict[ReturnExchange, int]:
    """Sell what is wanted out of stock; return how many pieces of each went, fewer if it is gone.

    The caller holds the stock's locks: what is free does not change between two looks.
    """
    taken = {one: pieces for one, pieces in wanted.items() if pieces}
    try:
        _reserve(row, taken, now)
    except OutOfStock as short:
        taken = _cut(taken, short.detail["available"])
        _reserve(row, taken, now)
    if taken:
        commit_reservation(holder=holder_of(row), reference=order.number, now=now)
    return taken


def _cut(
    wanted: Mapping[ReturnExchange, int], available: Mapping[str, int]
) -> dict[ReturnExchange, int]:
    """Return what is left of `wanted`, of the variants that are short."""
    left = {int(variant_id): pieces for variant_id, pieces in available.items()}
    cut: dict[ReturnExchange, int] = {}
    for one, pieces in wanted.items():
        cut[one] = min(pieces, left.get(one.variant_id, pieces))
        if one.variant_id in left:
            left[one.variant_id] -= cut[one]
    return {one: pieces for one, pieces in cut.items() if pieces}


def _reserve(row: Return, pieces: Mapping[ReturnExchange, int], now: datetime) -> None:
    if pieces:
        reserve_stock(holder=holder_of(row), lines=_stock_lines(pieces), expires_at=now + AT_ONCE)
    else:
        release_exchanges(row)


def _list_wanted(row: Return) -> list[ReturnExchange]:
    return list(ReturnExchange.objects.filter(line__item=row))


def _stock_lines(pieces: Mapping[ReturnExchange, int]) -> list[StockLine]:
    summed: Counter[int] = Counter()
    for one, quantity in pieces.items():
        summed[one.variant_id] += quantity
    return [StockLine(variant_id, quantity) for variant_id, quantity in summed.items()]


def exchange_pieces(
    order: Order,
    row: Return,
    lines: Sequence[ReturnLine],
    found: Mapping[int, Finding],
    *,
    now: datetime,
    by_id: int | None,
) -> Counter[int]:
    """Plan a parcel with the replacements; return how many pieces of each order line it replaces.

    Money does not move for these pieces. Exchanged pieces that are sold on go back on the shelf
    here, and so do all pieces of another variant than the line's. Raises OrderRefused
    (not_refundable) where accepted pieces were refunded meanwhile.
    """
    _lock(row, lines, found)
    wanted = _share_out(lines, found)
    _require_left(lines, found, wanted)
    taken = take_exchanges(order, row, wanted, now=now)
    sent: Counter[int] = Counter()
    for one in wanted:
        one.sent_quantity = taken.get(one, 0)
        one.save(update_fields=["sent_quantity"])
        sent[one.line.line_id] += one.sent_quantity
    _restock(order, lines, found, sent, now)
    if taken:
        pieces = [
            Replacement(one.line.line_id, one.variant_id, one.sku, one.name, quantity)
            for one, quantity in taken.items()
        ]
        plan_replacements(order, pieces, now=now, by_id=by_id)
    return sent


def count_shelved(line: ReturnLine, found: Finding, sent: int) -> int:
    """Return how many pieces go back on the shelf here; the refund puts back the others.

    A refund puts back what was bought: not what a piece was exchanged for before.
    """
    return min(found.restocked, sent) if line.variant_id is None else found.restocked


def _lock(row: Return, lines: Sequence[ReturnLine], found: Mapping[int, Finding]) -> None:
    back = {_variant(each) for each in lines if found[each.line_id].restocked}
    wanted = {one.variant_id for each in lines for one in each.exchanges.all()}
    lock_stock(holder=holder_of(row), variant_ids=back | wanted)


def _share_out(
    lines: Sequence[ReturnLine], found: Mapping[int, Finding]
) -> dict[ReturnExchange, int]:
    """Return how many accepted pieces each exchange may replace."""
    shared: dict[ReturnExchange, int] = {}
    for each in lines:
        left = found[each.line_id].accepted
        for one in each.exchanges.all():
            one.line = each
            shared[one] = min(left, one.quantity)
            left -= shared[one]
    return shared


def _require_left(
    lines: Sequence[ReturnLine],
    found: Mapping[int, Finding],
    wanted: Mapping[ReturnExchange, int],
) -> None:
    """Raise OrderRefused where fewer pieces are left than are to be replaced and refunded."""
    exchanged = {one.line_id for one, pieces in wanted.items() if pieces}
    for each in lines:
        if each.pk in exchanged and found[each.line_id].accepted > count_refundable(each.line):
            said = _("Pieces of this return were refunded meanwhile: accept fewer.")
            raise OrderRefused(said, code="not_refundable")


def _restock(
    order: Order,
    lines: Sequence[ReturnLine],
    found: Mapping[int, Finding],
    sent: Mapping[int, int],
    now: datetime,
) -> None:
    back = [
        StockLine(_variant(each), count_shelved(each, found[each.line_id], sent[each.line_id]))
        for each in lines
    ]
    pieces = [one for one in back if one.quantity]
    if pieces:
        return_stock(lines=pieces, reference=order.number, now=now)


def _variant(line: ReturnLine) -> int:
    return line.variant_id or line.line.variant_id


LONGEST_REFUSAL = 300


@transaction.atomic
def receive_return(
    *, return_id: int, now: datetime, by_id: int | None = None, language: str = "en"
) -> ReturnView:
    """Note that the pieces arrived. Twice is once. Raises OrderRefused (return_moved_on,
    nothing_sent: all of it stays with the shopper)."""
    order, row = lock_return(return_id)
    if _is_kept(list(row.lines.all())):
        said = _("Nothing of it is sent back: refund it, or say why not.")
        raise OrderRefused(said, code="nothing_sent")
    if row.state != ReturnState.RECEIVED:
        require_state(row, ReturnState.REQUESTED)
        row.state, row.received_at = ReturnState.RECEIVED, now
        row.save(update_fields=["state", "received_at"])
        hold_longer(order, row, now=now)
        note_return(order, row, now=now, by_id=by_id)
    return view_return(row, language)


@transaction.atomic
def settle_return(
    *,
    return_id: int,
    findings: Sequence[Finding],
    now: datetime,
    refusal: str = "",
    by_id: int | None = None,
    language: str = "en",
) -> ReturnView:
    """Exchange or refund the accepted pieces, restock what is sold on, close the return.

    What is perishable stays with the shopper: a return of nothing else is settled as it was
    requested. Every line needs a finding; whoever accepts less than all says why (`refusal`), and
    the shopper reads it. Of the accepted pieces those wanted in exchange come first; what is not in
    stock any more is refunded. Pieces that are not sold on are written off: they never come back
    into stock. Twice the same is once. Raises OrderRefused (return_moved_on, bad_quantity,
    refusal_missing, not_refundable), PaymentRefused.
    """
    order, row = lock_return(return_id)
    lines = list(row.lines.select_related("line").prefetch_related("exchanges"))
    if row.state == ReturnState.SETTLED and _is_told(row, lines, findings, refusal):
        return view_return(row, language)
    require_state(row, ReturnState.REQUESTED if _is_kept(lines) else ReturnState.RECEIVED)
    known = _check(lines, findings, refusal)
    before = order.refunded_minor
    sent = exchange_pieces(order, row, lines, known, now=now, by_id=by_id)
    _give_back(order, row, _list_parts(lines, known, sent), now=now, by_id=by_id)
    for each in lines:
        _close_line(each, known[each.line_id], sent[each.line_id])
    order.refresh_from_db()
    row.state, row.settled_at = ReturnState.SETTLED, now
    row.refunded_minor = order.refunded_minor - before
    row.refusal = _shorten(refusal)
    row.save()
    note_return(order, row, now=now, by_id=by_id)
    return view_return(row, language)


def _is_told(
    row: Return, lines: Sequence[ReturnLine], findings: Sequence[Finding], refusal: str
) -> bool:
    """Return whether a return was settled with just these findings."""
    kept = {
        Finding(one.line_id, one.accepted_quantity or 0, one.restocked_quantity) for one in lines
    }
    return kept == set(findings) and row.refusal == _shorten(refusal)


def _is_kept(lines: Sequence[ReturnLine]) -> bool:
    """Return whether all of it stays with the shopper."""
    return all(each.is_kept for each in lines)


def _shorten(refusal: str) -> str:
    return refusal.strip()[:LONGEST_REFUSAL]


def _give_back(
    order: Order, row: Return, parts: Sequence[RefundPart], *, now: datetime, by_id: int | None
) -> None:
    """Refund what is accepted; of an order whose money is back only gifts are left."""
    if parts and order.status == OrderStatus.REFUNDED:
        take_gifts_back(order_id=order.pk, parts=parts, now=now)
    elif parts:
        refund_order(
            order_id=order.pk,
            parts=parts,
            reason=f"return {row.number}",
            idempotency_key=f"return-{row.pk}",
            now=now,
            by_id=by_id,
        )


def _list_parts(
    lines: Sequence[ReturnLine], found: Mapping[int, Finding], sent: Mapping[int, int]
) -> list[RefundPart]:
    """Return what is refunded: what was accepted and is not exchanged."""
    return [
        RefundPart(each.line_id, left, one.restocked - count_shelved(each, one, sent[each.line_id]))
        for each in lines
        if (left := (one := found[each.line_id]).accepted - sent[each.line_id])
    ]


def _check(
    lines: Sequence[ReturnLine], findings: Sequence[Finding], refusal: str
) -> dict[int, Finding]:
    known = {each.line_id: each for each in findings}
    if len(known) != len(findings) or known.keys() != {each.line_id for each in lines}:
        raise OrderRefused(_("Enter for each line what was found."), code="bad_quantity")
    if any(not 0 <= known[each.line_id].accepted <= each.quantity for each in lines):
        raise OrderRefused(_("More was accepted than came back."), code="bad_quantity")
    kept = {each.line_id for each in lines if each.is_kept}
    if any(not 0 <= one.restocked <= one.accepted * (one.line_id not in kept) for one in findings):
        said = _("No more pieces go back on the shelf than are accepted.")
        raise OrderRefused(said, code="bad_quantity")
    require_why(any(known[each.line_id].accepted < each.quantity for each in lines), refusal)
    return known


def require_why(is_less: bool, refusal: str) -> None:
    """Raise OrderRefused (refusal_missing) where less is accepted and nothing says why."""
    if is_less and not refusal.strip():
        said = _("Tell the shopper why not all pieces are accepted.")
        raise OrderRefused(said, code="refusal_missing")


def _close_line(each: ReturnLine, found: Finding, sent: int) -> None:
    """Keep what was found; refunded pieces count as taken back, exchanged ones are out again."""
    each.accepted_quantity = found.accepted
    each.restocked_quantity = found.restocked
    each.save(update_fields=["accepted_quantity", "restocked_quantity"])
    if found.accepted > sent:
        OrderLine.objects.filter(pk=each.line_id).update(
            taken_back_quantity=F("taken_back_quantity") + found.accepted - sent
        )
