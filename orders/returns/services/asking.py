"""Announce a return, and take the announcement back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from orders.core.refusals import OrderRefused
from orders.core.state import OrderStatus
from orders.models import Order
from orders.returns.core import OUR_FAULT, Payer, ReturnState, ReturnView, find_rule
from orders.returns.models import Return, ReturnLine
from orders.returns.selectors import list_allowances, load_rules, view_return
from orders.returns.services.steps import lock_return, note_return, require_state
from orders.steps.locks import lock_order_step
from shop.catalog.selectors import list_cards

LONGEST_COMMENT = 500
# Of an order that was refunded in full only its gifts are left to come back.
RETURNABLE = (OrderStatus.PAID, OrderStatus.FULFILLED, OrderStatus.REFUNDED)


@transaction.atomic
def request_return(
    *,
    order_id: int,
    lines: Sequence[tuple[int, int]],
    reason: str,
    now: datetime,
    comment: str = "",
    by_id: int | None = None,
    language: str = "en",
) -> ReturnView:
    """Announce that (line id, pieces) come back; the shopper gets a number and what to do.

    The pieces are held by the return until it is withdrawn. Raises OrderRefused (not_returnable,
    bad_quantity, bad_reason), OrderNotFound.
    """
    order = lock_order_step(order_id)
    if reason not in Return.Reason.values:
        raise OrderRefused(_("Please choose one of the reasons."), code="bad_reason")
    if order.status not in RETURNABLE:
        raise OrderRefused(_("Nothing of this order can be sent back."), code="not_returnable")
    chosen = _choose(order, lines, now)
    row = Return.objects.create(
        order=order,
        number=f"{order.number}-R{Return.objects.filter(order=order).count() + 1}",
        reason=reason,
        comment=comment.strip()[:LONGEST_COMMENT],
        shop_pays=_does_shop_pay(order, chosen, reason),
        requested_at=now,
    )
    ReturnLine.objects.bulk_create(
        ReturnLine(item=row, line_id=line_id, quantity=pieces) for line_id, pieces in chosen
    )
    note_return(order, row, now=now, by_id=by_id)
    return view_return(row, language)


@transaction.atomic
def withdraw_return(*, return_id: int, now: datetime, language: str = "en") -> ReturnView:
    """Take an announcement back; its pieces may be announced again. Twice is once.

    Raises OrderRefused (return_moved_on) once it was received, or return_not_found.
    """
    order, row = lock_return(return_id)
    if row.state != ReturnState.WITHDRAWN:
        require_state(row, ReturnState.REQUESTED)
        row.state = ReturnState.WITHDRAWN
        row.save(update_fields=["state"])
        note_return(order, row, now=now)
    return view_return(row, language)


def _choose(
    order: Order, wanted: Sequence[tuple[int, int]], now: datetime
) -> list[tuple[int, int]]:
    """Return what comes back, checked line by line. Raises OrderRefused."""
    allowed = list_allowances(order, order.lines.all(), now)
    chosen = [(line_id, pieces) for line_id, pieces in wanted if pieces]
    if not chosen or len({line_id for line_id, _pieces in chosen}) != len(chosen):
        raise OrderRefused(_("Choose at least one piece."), code="bad_quantity")
    for line_id, pieces in chosen:
        left = allowed[line_id].pieces if line_id in allowed else 0
        if not 0 < pieces <= left:
            why = allowed[line_id].reason if line_id in allowed else "unknown"
            said = _("That many pieces cannot be sent back.")
            raise OrderRefused(said, code="not_returnable", left=left, why=why)
    return chosen


def _does_shop_pay(order: Order, chosen: Sequence[tuple[int, int]], reason: str) -> bool:
    """Return whether the shop pays: its fault, or the rule of every line says so."""
    if reason in OUR_FAULT:
        return True
    variants = dict(order.lines.values_list("pk", "variant_id"))
    ids = [variants[line_id] for line_id, _pieces in chosen]
    paths = {card.variant_id: card.category_path for card in list_cards(ids, "en")}
    rules = load_rules()
    return all(find_rule(rules, paths.get(pk, "")).payer == Payer.SHOP for pk in ids)
