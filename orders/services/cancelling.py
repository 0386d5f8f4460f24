"""Cancel and expire: stock, coupons and budgets go back."""

from __future__ import annotations

from datetime import datetime

from orders.core.values import OrderView


def cancel_order(*, order_id: int, reason: str, now: datetime, language: str = "en") -> OrderView:
    """Cancel an order; a paid one is refunded in full. Raises OrderRefused once it is fulfilled."""
    raise NotImplementedError


def expire_unpaid_orders(*, now: datetime, limit: int = 200) -> int:
    """Expire orders whose time to pay ended; return how many."""
    raise NotImplementedError


def expire_carts(*, now: datetime, limit: int = 500) -> int:
    """Close carts nobody touched for long and end checkouts that ran out; return how many."""
    raise NotImplementedError
