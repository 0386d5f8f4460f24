"""Restocking, released offer uses and kept gifts when units are returned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import F

from orders.order.api import return_order_points
from orders.order.models import Order, OrderLine
from promotions.coupons.api import ReturnedGift, note_returned_gifts, release_redemptions
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.services import return_stock


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
