"""Cancel and expire: stock, codes and budgets go back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from orders.cart.api import holder_of
from orders.cart.models import Cart, CartLine
from orders.fulfilment.api import HANDED_OUT, ParcelState
from orders.order.api import (
    close_unpaid,
    describe_step,
    is_before_packing,
    lock_order_step,
    move_order,
    note,
    view_order,
)
from orders.order.core import OrderStatus
from orders.order.models import Order
from orders.payments.api import refund_whole, settle_returned
from orders.refusals import OrderRefused
from orders.values import OrderView
from promotions.coupons.api import release_redemptions
from shop.ground.database.retrying import try_twice
from shop.ground.inventory.services import release_reservation
from shop.ground.kernel.translation import gettext_noop
from shop.ground.outbox.services import write_fact

CANCEL_REQUESTED = "cancel_requested"


@try_twice
@transaction.atomic
def cancel_order(
    *,
    order_id: int,
    reason: str,
    now: datetime,
    by_id: int | None = None,
    language: str = "en",
) -> OrderView:
    """Cancel an order; a paid one is refunded in full and its products go back on the shelf.

    Codes and budgets are usable again. Twice is once. `by_id` is the account of the staff who
    cancels; `reason` is "shopper" where the shopper does. Raises OrderRefused (not_cancellable)
    once a piece of it is packed, or it is fulfilled, refunded or expired.
    """
    order = lock_order_step(order_id)
    if order.status == OrderStatus.CANCELLED:
        return view_order(order, language=language)
    if order.status == OrderStatus.AWAITING_PAYMENT:
        detail = describe_step(by_id=by_id)
        close_unpaid(order, OrderStatus.CANCELLED, now=now, detail=detail, reason=reason)
    elif is_before_packing(order):
        before = order.refunded_minor
        shares = refund_whole(order, reason=reason, now=now)
        release_redemptions(order_ref=order.number, now=now)
        settle_returned(order, shares, now=now, is_whole=True)
        amount = order.refunded_minor - before
        detail = describe_step(by_id=by_id, amount_minor=amount)
        move_order(order, OrderStatus.CANCELLED, now=now, detail=detail, reason=reason)
    else:
        raise OrderRefused(
            gettext_noop("This order can no longer be canceled."), code="not_cancellable"
        )
    write_fact(kind="OrderCancelled", payload={"order_id": order.pk}, occurred_at=now)
    return view_order(order, language=language)


@transaction.atomic
def ask_to_cancel(*, order_id: int, now: datetime, language: str = "en") -> bool:
    """Cancel an order for its shopper, or ask the staff to where pieces are packed but have not
    left; return whether it is canceled. Twice is once.

    Raises OrderRefused (not_cancellable) once a parcel has left.
    """
    order = lock_order_step(order_id)
    states = set(order.shipments.values_list("state", flat=True))
    if not may_ask_to_cancel(order.status, order.channel, states):
        cancel_order(order_id=order_id, reason="shopper", now=now, language=language)
        return True
    if not order.events.filter(kind=CANCEL_REQUESTED).exists():
        note(order, CANCEL_REQUESTED, now=now)
    return False


def may_ask_to_cancel(status: str, channel: str, parcel_states: Collection[str]) -> bool:
    """Return whether an order is packed and has not left: staff can still stop it.

    >>> may_ask_to_cancel("paid", "online", {"packed"})
    True
    >>> may_ask_to_cancel("paid", "online", {"packed", "shipped"})
    False
    """
    kept = {state for state in parcel_states if state != ParcelState.CANCELLED}
    is_packed = bool(kept) and HANDED_OUT.isdisjoint(kept)
    return is_packed and status == OrderStatus.PAID and channel != "store"


def orders_to_stop() -> QuerySet[Order]:
    """Return the paid orders whose shopper asked to cancel them after they were packed."""
    return Order.objects.filter(status=OrderStatus.PAID, events__kind=CANCEL_REQUESTED)


def expire_unpaid_orders(*, now: datetime, limit: int = 200) -> int:
    """Expire orders whose time to pay ended; return how many. One transaction per order."""
    due = Order.objects.filter(status=OrderStatus.AWAITING_PAYMENT, pay_until__lte=now)
    expired = 0
    for order_id in due.order_by("pay_until").values_list("pk", flat=True)[:limit]:
        expired += _expire_order(order_id, now)
    return expired


def expire_carts(*, now: datetime, limit: int = 500) -> int:
    """Close carts nobody touched for long and end checkouts that ran out; return how many."""
    return _end_checkouts(now, limit) + _close_carts(now, limit)


@transaction.atomic
def _expire_order(order_id: int, now: datetime) -> int:
    order = lock_order_step(order_id)
    if order.status != OrderStatus.AWAITING_PAYMENT or order.pay_until is None:
        return 0
    if now < order.pay_until:
        return 0
    close_unpaid(order, OrderStatus.EXPIRED, now=now)
    write_fact(kind="OrderExpired", payload={"order_id": order.pk}, occurred_at=now)
    return 1


def _end_checkouts(now: datetime, limit: int) -> int:
    due = Cart.objects.filter(status=Cart.Status.OPEN, frozen_until__lte=now)
    ended = 0
    for cart_id in due.order_by("frozen_until").values_list("pk", flat=True)[:limit]:
        with transaction.atomic():
            cart = due.select_for_update(no_key=True, skip_locked=True).filter(pk=cart_id).first()
            if cart is None:
                continue  # its shopper is at work on it this moment
            release_reservation(holder=holder_of(cart))
            CartLine.objects.filter(cart=cart).update(held_quantity=0)
            Cart.objects.filter(pk=cart_id).update(frozen_until=None)
            ended += 1
    return ended


def _close_carts(now: datetime, limit: int) -> int:
    old = Cart.objects.filter(
        status=Cart.Status.OPEN, expires_at__lte=now, frozen_until__isnull=True
    )
    ids = list(old.order_by("expires_at").values_list("pk", flat=True)[:limit])
    # The condition again, in the update itself: a cart touched meanwhile stays open
    return old.filter(pk__in=ids).update(status=Cart.Status.EXPIRED, changed_at=now)
