"""Forget a person: amounts and products of orders stay for the books, attached to nobody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from orders.cart.api import holder_of
from orders.cart.models import Cart
from orders.checkout.api import cancel_order
from orders.checkout.models import IdempotencyKey, OrderFacts
from orders.order.api import REASON_CODES
from orders.order.core import OrderStatus
from orders.order.models import Order, OrderEvent
from orders.payments.api import forget_refund_reasons
from profiles.shoppers.api import get_shopper_by_id
from shop.ground.inventory.services import release_reservation

# Products that are paid and on their way still have to arrive: their address lives this much
# longer.
DELIVERY_WINDOW = timedelta(days=14)
# As long as visits are kept: what was inferred of a shopper is not kept as long as their orders.
KEEP_FACTS = timedelta(days=400)
NOBODY: dict[str, Any] = {
    "email": "",
    "phone": "",
    "name": "",
    "address_line1": "",
    "address_line2": "",
    "city": "",
    "region": "",
    "postcode": "",
    "identity": [],
    "link_key": None,
    "link_hash": None,
    "link_until": None,
}


@transaction.atomic
def erase_shopper(shopper_id: int, now: datetime) -> None:
    """Cut all ties between orders and a shopper; carts are deleted. Safe to run twice.

    Unpaid orders are canceled. Of orders paid less than DELIVERY_WINDOW ago the address stays
    until then, when `forget_contacts` deletes it.
    """
    orders = Order.objects.filter(shopper_id=shopper_id)
    for order_id in orders.filter(status=OrderStatus.AWAITING_PAYMENT).values_list("pk", flat=True):
        cancel_order(order_id=order_id, reason="erased", now=now)
    _forget_keys(shopper_id, orders)
    for cart in Cart.objects.filter(shopper_id=shopper_id, status=Cart.Status.OPEN):
        release_reservation(holder=holder_of(cart))
    Cart.objects.filter(shopper_id=shopper_id).delete()
    ids = list(orders.values_list("pk", flat=True))
    forget_refund_reasons(order_ids=ids)
    _forget_reasons(ids)
    OrderFacts.objects.filter(order_id__in=ids).delete()
    orders.update(shopper=None)
    Order.objects.filter(_is_delivered(now), pk__in=ids).update(**NOBODY)


@transaction.atomic
def forget_contacts(*, now: datetime) -> int:
    """Delete the addresses of erased shoppers whose products have arrived; return their number."""
    orphans = Order.objects.filter(_is_delivered(now), shopper__isnull=True).exclude(email="")
    return orphans.update(**NOBODY)


def _forget_reasons(order_ids: Sequence[int]) -> None:
    """Delete what staff wrote in the timelines of orders; the steps stay."""
    events = OrderEvent.objects.filter(order_id__in=order_ids)
    events.exclude(reason__in=["", *REASON_CODES]).update(reason="")


def _is_delivered(now: datetime) -> Q:
    return ~Q(status=OrderStatus.PAID) | Q(paid_at__lt=now - DELIVERY_WINDOW)


def _forget_keys(shopper_id: int, orders: QuerySet[Order]) -> None:
    """Delete kept answers, which repeat name and address: ours and those of the API's door."""
    pseudonym = get_shopper_by_id(shopper_id).pseudonym
    scopes = Q(scope=f"order:{shopper_id}") | Q(scope__endswith=f":{pseudonym}")
    for order_id in orders.values_list("pk", flat=True):
        scopes |= Q(scope=f"return:{order_id}")
        scopes |= Q(scope__startswith="staff:", scope__endswith=f"Form:{order_id}")
    IdempotencyKey.objects.filter(scopes).delete()


def forget_old_facts(*, now: datetime) -> int:
    """Delete the facts of orders placed more than `KEEP_FACTS` ago; return how many."""
    return OrderFacts.objects.filter(at__lt=now - KEEP_FACTS).delete()[0]
