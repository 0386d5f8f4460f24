"""Give money back, to the cent of what each unit cost. The provider is told after the commit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import F

from orders.metrics import refunds_minor_total
from orders.order.api import (
    describe_step,
    give_back,
    lock_order_step,
    move_order,
    note,
    return_order_points,
    view_order,
)
from orders.order.core import OrderStatus, units_share
from orders.order.models import Order, OrderLine
from orders.payments.core.values import RefundPart
from orders.payments.models import Payment, Refund, RefundLine
from orders.payments.services.found import read_unassigned
from orders.payments.services.outcomes import find_secured, plan_step, tell_due
from orders.refusals import OrderRefused, PaymentRefused
from orders.values import OrderView
from profiles.events.api import record_return_events
from profiles.values import PurchasedLine
from promotions.coupons.api import ReturnedGift, note_returned_gifts, release_redemptions
from shop.ground.database.retrying import try_twice
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.services import return_stock
from shop.ground.outbox.services import write_fact

# Restocking, released offer uses and kept gifts when units are returned.


@dataclass(frozen=True, slots=True)
class Share:
    """Units of a line that go back, as the line stood before, and their exact price."""

    line: OrderLine
    quantity: int
    amount_minor: int
    restocked: int


def is_all(order: Order, shares: Sequence[Share]) -> bool:
    """Return whether nothing is left that was bought. Gifts were not: they may be kept."""
    now_back = {share.line.pk: share.quantity for share in shares}
    return all(
        line.refunded_quantity + now_back.get(line.pk, 0) == line.quantity
        for line in order.lines.all()
        if not line.is_gift
    )


def with_unsent_gifts(order: Order, shares: list[Share]) -> list[Share]:
    """Add what was given and did not leave the house: nobody packs it once all else is back."""
    if not is_all(order, shares):
        return shares
    chosen = {share.line.pk: share for share in shares}
    for line in order.lines.filter(is_gift=True):
        share = chosen.get(line.pk, Share(line, 0, 0, 0))
        back = line.refunded_quantity + share.quantity
        unsent = line.quantity - line.packed_quantity - (back - line.taken_back_quantity)
        if unsent > 0:
            more, shelved = share.quantity + unsent, share.restocked + unsent
            chosen[line.pk] = replace(share, quantity=more, restocked=shelved)
    return list(chosen.values())


def restock(order: Order, shares: Sequence[Share], now: datetime) -> None:
    """Put what is sold on back on the shelf, and note on the lines what came back."""
    products = [
        StockLine(each.line.variant_id, each.restocked) for each in shares if each.restocked
    ]
    if products:
        return_stock(lines=products, reference=order.number, now=now)
    for share in shares:
        OrderLine.objects.filter(pk=share.line.pk).update(
            refunded_quantity=F("refunded_quantity") + share.quantity,
            refunded_minor=F("refunded_minor") + share.amount_minor,
        )


def release_uses(order: Order, *, now: datetime) -> None:
    """Free codes, limits and budgets after a return in full, but for offers whose gift is kept."""
    release_redemptions(
        order_ref=order.number, now=now, is_return=True, kept_offers=_find_kept_gifts(order)
    )


def settle_returned(
    order: Order, shares: Sequence[Share], *, now: datetime, is_whole: bool
) -> None:
    """Settle gifts, partners' shares and points of returned units, after coupons and budgets."""
    gifts = [
        ReturnedGift(
            offer_id=int(part["offer_id"]),
            worth_minor=-int(part["amount_minor"]),
            quantity=each.line.quantity,
            before=each.line.refunded_quantity,
            more=each.quantity,
        )
        for each in shares
        if each.line.is_gift
        for part in each.line.adjustments
    ]
    kept = _find_kept_gifts(order) if is_whole else frozenset()
    note_returned_gifts(order_ref=order.number, gifts=gifts, is_whole=is_whole, kept_offers=kept)
    units = [(each.line.position, each.line.refunded_quantity, each.quantity) for each in shares]
    return_order_points(order, units, now=now, is_whole=is_whole)


def _find_kept_gifts(order: Order) -> frozenset[int]:
    """Return the offers of gifts that the shopper keeps, once the lines are noted."""
    kept = order.lines.filter(is_gift=True, refunded_quantity__lt=F("quantity"))
    return frozenset(int(part["offer_id"]) for line in kept for part in line.adjustments)


REFUNDABLE = (OrderStatus.PAID, OrderStatus.FULFILLED)


@dataclass(frozen=True, slots=True)
class _Wish:
    """Why money is given back, under which key, and when."""

    reason: str
    key: str
    now: datetime


@try_twice
@transaction.atomic
def refund_order(
    *,
    order_id: int,
    parts: Sequence[RefundPart],
    reason: str,
    idempotency_key: str,
    now: datetime,
    by_id: int | None = None,
    language: str = "en",
) -> OrderView:
    """Refund units of a paid order at each unit's frozen share.

    With the last unit that was bought the delivery goes back too, the order is refunded in full
    and its codes and budgets are free again, unless their campaign keeps what a return leaves
    used. Gifts that were sent may be kept; then their offers stay used. What was not captured yet
    is not captured any more; what went back at the provider for no pieces yet is taken off; the
    rest is sent after the commit. The same key refunds once.
    `by_id` is the account of the staff who refunds. Raises OrderRefused (not_refundable,
    bad_quantity), PaymentRefused (not_paid_here).
    """
    order = lock_order_step(order_id)
    if Refund.objects.filter(idempotency_key=idempotency_key, order=order).exists():
        return view_order(order, language=language)
    if order.status not in REFUNDABLE:
        raise OrderRefused("This order cannot be refunded in its state.", code="not_refundable")
    shares = with_unsent_gifts(order, _shares(order, parts))
    is_whole = is_all(order, shares)
    before = order.refunded_minor
    refund = _give(order, shares, _Wish(reason[:80], idempotency_key, now))
    amount = order.refunded_minor - before
    detail = describe_step(by_id=by_id, amount_minor=amount)
    if is_whole:
        release_uses(order, now=now)
        move_order(order, OrderStatus.REFUNDED, now=now, detail=detail, reason=reason)
    else:
        note(order, "refunded", now=now, detail=detail, reason=reason)
    settle_returned(order, shares, now=now, is_whole=is_whole)
    if refund.state == Refund.State.SUCCEEDED:
        write_fact(kind="OrderRefunded", payload={"order_id": order.pk}, occurred_at=now)
    return view_order(order, language=language)


def refund_whole(order: Order, *, reason: str, now: datetime) -> list[Share]:
    """Refund all that is left of a paid order and restock it; the caller moves the order on.

    The caller holds the order's step lock, gives the codes back, then calls `settle_returned`
    with what this returns: points are locked after coupons and budgets by everybody.
    """
    left = [
        RefundPart(line.pk, pieces, restocked=pieces)
        for line in order.lines.all()
        if (pieces := line.quantity - line.refunded_quantity)
    ]
    shares = _shares(order, left)
    _give(order, shares, _Wish(reason[:80], key=f"cancel-{order.pk}", now=now))
    return shares


@transaction.atomic
def take_gifts_back(*, order_id: int, parts: Sequence[RefundPart], now: datetime) -> None:
    """Take gifts of an order whose money is back already: stock, limits and partners' shares.

    Raises OrderRefused (not_refundable, bad_quantity).
    """
    order = lock_order_step(order_id)
    shares = _shares(order, parts)
    if order.status != OrderStatus.REFUNDED or not all(each.line.is_gift for each in shares):
        raise OrderRefused("This order cannot be refunded in its state.", code="not_refundable")
    restock(order, shares, now)
    release_uses(order, now=now)
    settle_returned(order, shares, now=now, is_whole=False)


def _give(order: Order, shares: list[Share], wish: _Wish) -> Refund:
    payment = find_secured(order)
    if payment is None:
        raise PaymentRefused("This order was not paid here.", code="not_paid_here")
    amount = sum(share.amount_minor for share in shares)
    is_whole = is_all(order, shares)
    if is_whole:
        amount = order.total_minor - order.refunded_minor  # delivery and its tax go back as well
    else:
        amount -= min(amount, read_unassigned(order))  # went back at the provider already
    restock(order, shares, wish.now)
    give_back(order, amount)
    is_reduction = payment.state == Payment.State.AUTHORIZED and not payment.due_step
    _note_payment(payment, amount, wish.now, is_whole=is_whole, is_reduction=is_reduction)
    refund = _write_refund(payment, shares, amount, wish, is_reduction=is_reduction)
    _record_returns(order, shares, refund, wish.now)
    refunds_minor_total.labels(currency=order.currency).inc(amount)
    return refund


def _note_payment(
    payment: Payment, amount_minor: int, now: datetime, *, is_whole: bool, is_reduction: bool
) -> None:
    """Note what goes back. Units that points paid may be left when all of the money is back."""
    payment.refunded_minor += amount_minor
    if is_whole and is_reduction:
        payment.state = Payment.State.VOIDED
        plan_step(payment, Payment.Step.VOID, now=now)
    elif is_whole and payment.state == Payment.State.SUCCEEDED:
        payment.state = Payment.State.REFUNDED
    payment.save()


def _write_refund(
    payment: Payment, shares: list[Share], amount: int, wish: _Wish, *, is_reduction: bool
) -> Refund:
    is_sent = amount > 0 and not is_reduction
    refund = Refund.objects.create(
        order_id=payment.order_id,
        payment=payment,
        amount_minor=amount,
        reason=wish.reason,
        is_reduction=is_reduction,
        state=Refund.State.PENDING if is_sent else Refund.State.SUCCEEDED,
        due_at=wish.now if is_sent else None,
        idempotency_key=wish.key,
        at=wish.now,
    )
    RefundLine.objects.bulk_create(
        RefundLine(
            refund=refund,
            line=share.line,
            quantity=share.quantity,
            amount_minor=share.amount_minor,
            restocked_quantity=share.restocked,
        )
        for share in shares
    )
    if is_sent:
        tell_due(payment.order_id, now=wish.now)
    return refund


def _shares(order: Order, wanted: Sequence[RefundPart]) -> list[Share]:
    known = {line.pk: line for line in order.lines.all()}
    if not wanted or len({part.line_id for part in wanted}) != len(wanted):
        raise OrderRefused("Say which lines, each once.", code="bad_quantity")
    shares = []
    for part in wanted:
        line = known.get(part.line_id)
        left = 0 if line is None else count_refundable(line)
        if line is None or not 0 < part.quantity <= left:
            raise OrderRefused("That many are not left to refund.", code="bad_quantity")
        if not 0 <= part.restocked <= part.quantity:
            said = "No more pieces go back on the shelf than are refunded."
            raise OrderRefused(said, code="bad_quantity")
        share = units_share(
            line.total_minor, line.quantity, refunded=line.refunded_quantity, more=part.quantity
        )
        shares.append(Share(line, part.quantity, share, part.restocked))
    return shares


def count_refundable(line: OrderLine) -> int:
    """Return how many units may be refunded; what is to be replaced is not refunded as well."""
    return line.quantity - line.refunded_quantity - line.replacing_quantity


def _record_returns(order: Order, shares: Sequence[Share], refund: Refund, now: datetime) -> None:
    """Record what came back at the units' share of what the purchase was recorded at.

    That is what they cost with points and without added tax, not the money that is given back: a
    line bought and sent back must sum to nothing.
    """
    if order.shopper_id is None:
        return
    record_return_events(
        shopper_id=order.shopper_id,
        basket_ref=f"{order.number}#{refund.pk}",  # one order may come back in several parts
        lines=[
            PurchasedLine(
                variant_id=share.line.variant_id,
                quantity=share.quantity,
                paid_minor=units_share(
                    share.line.subtotal_minor - share.line.discount_minor + share.line.points_minor,
                    share.line.quantity,
                    refunded=share.line.refunded_quantity,
                    more=share.quantity,
                ),
                list_minor=share.line.list_minor * share.quantity,
                is_discounted=share.line.discount_minor > 0,
                quote_id=share.line.quote_id,
            )
            for share in shares
            if not share.line.is_gift
        ],
        occurred_at=now,
        channel=order.channel,
        now=now,
    )


def forget_refund_reasons(*, order_ids: Collection[int]) -> None:
    """Empty the reasons of these orders' refunds; their amounts stay for the books."""
    Refund.objects.filter(order_id__in=order_ids).update(reason="")
