"""Read orders."""

from orders.selectors.orders import (
    find_last_contact,
    find_order_for_guest,
    get_any_order,
    get_order,
    get_order_by_token,
    is_order_email,
    list_oldest,
    list_orders,
    owns_order,
)

__all__ = [
    "find_last_contact",
    "find_order_for_guest",
    "get_any_order",
    "get_order",
    "get_order_by_token",
    "is_order_email",
    "list_oldest",
    "list_orders",
    "owns_order",
]
