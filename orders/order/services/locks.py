"""The order of locks: cart -> (order step) -> stock -> coupons -> budgets -> order rows.

Everything that moves an existing order from one state to the next first takes its step lock, so
that a payment, a cancellation and an expiry of one order queue up instead of meeting half way.
Nothing takes a step lock while it holds stock, so no circle can form.
"""

from __future__ import annotations

from django.db import connection

from orders.order.models import Order
from orders.refusals import OrderNotFound

STEP_SPACE = 0x6F72  # "or": the first half of every step lock of this room


def lock_order_step(order_id: int) -> Order:
    """Wait for the order's step lock, held until the transaction ends, and read the order fresh.

    Raises OrderNotFound.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [STEP_SPACE, order_id % 2**31])
    order = Order.objects.filter(pk=order_id).first()
    if order is None:
        raise OrderNotFound("There is no such order.")
    return order
