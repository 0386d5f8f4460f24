"""Read orders: by owner, by secret token, or by number and e-mail."""

from __future__ import annotations

from orders.core.values import OrderSummary, OrderView


def get_order(*, number: str, shopper_id: int, language: str = "en") -> OrderView:
    """Return an order of this shopper. Raises OrderNotFound. Four queries."""
    raise NotImplementedError


def get_order_by_token(*, token: str, language: str = "en") -> OrderView:
    """Return the order of a secret link. Raises OrderNotFound. Four queries."""
    raise NotImplementedError


def find_order_for_guest(*, number: str, email: str, language: str = "en") -> OrderView | None:
    """Return the order if number and e-mail belong together, else None: same answer, same time."""
    raise NotImplementedError


def list_orders(
    *, shopper_id: int, limit: int = 20, before: str | None = None, language: str = "en"
) -> list[OrderSummary]:
    """Return a shopper's orders, newest first; `before` is the number to go on after. One query."""
    raise NotImplementedError
