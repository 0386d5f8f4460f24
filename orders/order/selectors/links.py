"""Write down the secret link of an order."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings

from orders.order.core.links import hash_link_token, make_link_token
from orders.order.models import Order


def derive_link(link_key: UUID) -> str:
    """Return the secret part of the link made with `link_key`."""
    return make_link_token(link_key, secret=settings.SECRET_KEY.encode())


def read_link(order: Order) -> str:
    """Return the order's link; empty if it has none or was made with an earlier SECRET_KEY."""
    if order.link_key is None:
        return ""
    token = derive_link(order.link_key)
    return token if hash_link_token(token) == order.link_hash else ""
