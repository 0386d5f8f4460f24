"""Receive a return, inspect it, refund what is accepted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from orders.order.core.state import OrderStatus
from orders.order.models import Order, OrderLine
from orders.payments.api import RefundPart, refund_order, take_gifts_back
from orders.refusals import OrderRefused
from orders.returns.core import Finding, ReturnState, ReturnView
from orders.returns.models import Return, ReturnLine
from orders.returns.selectors import view_return
from orders.returns.services.exchanging import count_shelved, exchange_pieces
from orders.returns.services.holding import hold_longer
from orders.returns.services.steps import lock_return, note_return, require_state

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
    row.refusal = _cut(refusal)
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
    return kept == set(findings) and row.refusal == _cut(refusal)


def _is_kept(lines: Sequence[ReturnLine]) -> bool:
    """Return whether all of it stays with the shopper."""
    return all(each.is_kept for each in lines)


def _cut(refusal: str) -> str:
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
