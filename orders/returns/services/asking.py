"""Announce a return, take it back, and forget what was written about it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from orders.order.api import lock_order_step
from orders.order.core import OrderStatus
from orders.order.models import Order
from orders.refusals import OrderRefused
from orders.returns.core import OUR_FAULT, Payer, ReturnState, ReturnView, Wish, find_rule
from orders.returns.models import Return, ReturnExchange, ReturnLine
from orders.returns.selectors.allowances import list_allowances, list_choices, load_rules
from orders.returns.selectors.returns import view_return
from orders.returns.services.settling import (
    hold_exchanges,
    lock_return,
    note_return,
    release_exchanges,
    require_state,
)
from shop.ground.catalog.core.values import CatalogCard
from shop.ground.catalog.selectors import list_cards

LONGEST_COMMENT = 500
LONGEST_NAME = 240
# Of an order that was refunded in full only its gifts are left to come back.
RETURNABLE = (OrderStatus.PAID, OrderStatus.FULFILLED, OrderStatus.REFUNDED)


@transaction.atomic
def request_return(
    *,
    order_id: int,
    lines: Sequence[Wish | tuple[int, int]],
    reason: str,
    now: datetime,
    comment: str = "",
    by_id: int | None = None,
    language: str = "en",
) -> ReturnView:
    """Announce that pieces come back; the shopper gets a number and what to do.

    The pieces are held by the return until it is withdrawn; what is wanted in exchange is kept in
    stock. Raises OrderRefused (not_returnable, not_exchangeable, bad_quantity, bad_reason),
    OrderNotFound, OutOfStock, TooManyHeld.
    """
    order = lock_order_step(order_id)
    if reason not in Return.Reason.values:
        raise OrderRefused(_("Please choose one of the reasons."), code="bad_reason")
    if order.status not in RETURNABLE:
        raise OrderRefused(_("Nothing of this order can be sent back."), code="not_returnable")
    chosen = _choose(order, [Wish(*one) for one in lines], now)
    offered = _check_exchanges(order, chosen, now, language)
    row = Return.objects.create(
        order=order,
        number=f"{order.number}-R{Return.objects.filter(order=order).count() + 1}",
        reason=reason,
        comment=comment.strip()[:LONGEST_COMMENT],
        shop_pays=_does_shop_pay(order, chosen, reason),
        requested_at=now,
    )
    _write_lines(row, chosen, offered, _list_kept(order))
    hold_exchanges(order, row, now=now)
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
        release_exchanges(row)
        note_return(order, row, now=now)
    return view_return(row, language)


def _choose(order: Order, wanted: Sequence[Wish], now: datetime) -> list[Wish]:
    """Return what comes back, checked line by line. Raises OrderRefused."""
    lines = list(order.lines.all())
    bought = {line.pk: line.variant_id for line in lines}
    allowed = list_allowances(order, lines, now)
    chosen = [
        wish._replace(variant_id=None) if wish.variant_id == bought.get(wish.line_id) else wish
        for wish in wanted
        if wish.quantity
    ]
    if not chosen:
        raise OrderRefused(_("Choose at least one piece."), code="bad_quantity")
    if len({wish.line_id for wish in chosen}) != len(chosen):
        said = _("Pieces that were exchanged before need a return of their own.")
        raise OrderRefused(said, code="bad_quantity")
    for wish in chosen:
        kind = (wish.line_id, wish.variant_id or bought.get(wish.line_id, 0))
        left = allowed[kind].pieces if kind in allowed else 0
        if not 0 < wish.quantity <= left:
            why = allowed[kind].reason if kind in allowed else "unknown"
            said = _("That many pieces cannot be sent back.")
            raise OrderRefused(said, code="not_returnable", left=left, why=why)
    return chosen


def _check_exchanges(
    order: Order, chosen: Sequence[Wish], now: datetime, language: str
) -> dict[int, CatalogCard]:
    """Return the cards of what is wanted in exchange. Raises OrderRefused (not_exchangeable)."""
    bought = dict(order.lines.values_list("pk", "variant_id"))
    kinds = [(wish.line_id, wish.variant_id or bought[wish.line_id]) for wish in chosen]
    offered = list_choices(order, kinds, now=now)
    for wish, kind in zip(chosen, kinds, strict=True):
        wanted = [variant_id for variant_id, _pieces in wish.exchanges]
        pieces = [quantity for _variant_id, quantity in wish.exchanges]
        if len(set(wanted)) != len(wanted) or any(one <= 0 for one in pieces):
            raise OrderRefused(_("Choose at least one piece."), code="bad_quantity")
        if sum(pieces) > wish.quantity:
            said = _("More pieces are to be exchanged than come back.")
            raise OrderRefused(said, code="bad_quantity")
        if not set(wanted) <= set(offered[kind]):
            said = _(
                "Pieces can be exchanged for variants of the same product at the same price."
                " Please choose one of those that are offered."
            )
            raise OrderRefused(said, code="not_exchangeable")
    ids = sorted({one for wish in chosen for one, _pieces in wish.exchanges})
    return {card.variant_id: card for card in list_cards(ids, language)}


def _list_kept(order: Order) -> frozenset[int]:
    """Return the lines of what is perishable: nobody sends it back."""
    bought = dict(order.lines.values_list("pk", "variant_id"))
    cards = list_cards(sorted(set(bought.values())), "en")
    perishable = {card.variant_id for card in cards if card.is_perishable}
    return frozenset(pk for pk, variant_id in bought.items() if variant_id in perishable)


def _write_lines(
    row: Return, chosen: Sequence[Wish], offered: dict[int, CatalogCard], kept: frozenset[int]
) -> None:
    for wish in chosen:
        line = ReturnLine.objects.create(
            item=row,
            line_id=wish.line_id,
            quantity=wish.quantity,
            variant_id=wish.variant_id,
            is_kept=wish.line_id in kept,
        )
        ReturnExchange.objects.bulk_create(
            ReturnExchange(
                line=line,
                variant_id=variant_id,
                sku=offered[variant_id].sku,
                name=offered[variant_id].title[:LONGEST_NAME],
                quantity=pieces,
            )
            for variant_id, pieces in wish.exchanges
        )


def _does_shop_pay(order: Order, chosen: Sequence[Wish], reason: str) -> bool:
    """Return whether the shop pays: its fault, or the rule of every line says so."""
    if reason in OUR_FAULT:
        return True
    variants = dict(order.lines.values_list("pk", "variant_id"))
    ids = [variants[wish.line_id] for wish in chosen]
    paths = {card.variant_id: card.category_path for card in list_cards(ids, "en")}
    rules = load_rules()
    return all(find_rule(rules, paths.get(pk, "")).payer == Payer.SHOP for pk in ids)


def forget_return_words(order_ids: Collection[int]) -> None:
    """Empty the comments and refusals of the returns of these orders. Safe to run twice."""
    Return.objects.filter(order_id__in=order_ids).update(comment="", refusal="")
