"""The goods have arrived."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from orders.core.refusals import OrderRefused
from orders.core.state import OrderStatus, may_become
from orders.core.values import OrderView
from orders.selectors.views import view_order
from orders.steps.locks import lock_order_step
from orders.steps.settling import describe_step, move_order
from shop.outbox.services import write_fact


@transaction.atomic
def fulfill_order(
    *, order_id: int, now: datetime, by_id: int | None = None, language: str = "en"
) -> OrderView:
    """Note that a paid order was handed over; it can be refunded then, but no longer canceled.

    Twice is once. Raises OrderRefused (not_fulfillable), OrderNotFound.
    """
    order = lock_order_step(order_id)
    if order.status != OrderStatus.FULFILLED:
        if not may_become(order.status, OrderStatus.FULFILLED):
            raise OrderRefused("Only a paid order can be handed over.", code="not_fulfillable")
        move_order(order, OrderStatus.FULFILLED, now=now, detail=describe_step(by_id=by_id))
        write_fact(kind="OrderFulfilled", payload={"order_id": order.pk}, occurred_at=now)
    return view_order(order, language=language)
