"""Give an order its secret link, and a new one when it has ended."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from django.db import transaction

from orders.order.core.links import LINK_LIVES, hash_link_token
from orders.order.models import Order
from orders.order.selectors.links import derive_link, read_link
from orders.order.services.locks import lock_order_step


def write_link(order: Order, *, now: datetime) -> None:
    """Put a new link on the order; the caller saves it. An earlier one ends."""
    order.link_key = uuid4()
    order.link_hash = hash_link_token(derive_link(order.link_key))
    order.link_until = now + LINK_LIVES


@transaction.atomic
def renew_link(*, order_id: int, now: datetime) -> str:
    """Return a secret link that works: the one there is, or a new one once it has ended.

    Locks the order's step. Raises OrderNotFound.
    """
    order = lock_order_step(order_id)
    token = read_link(order)
    if not token or order.link_until is None or order.link_until <= now:
        write_link(order, now=now)
        order.save(update_fields=["link_key", "link_hash", "link_until"])
        token = read_link(order)
    return token
