"""The door of `checkout`, the only module of it that others import.

From cart to order: stock held, contact checked, order placed, canceled or expired.
"""

from orders.checkout.services.cancelling import (
    CANCEL_REQUESTED,
    ask_to_cancel,
    cancel_order,
    expire_carts,
    expire_unpaid_orders,
    may_ask_to_cancel,
    orders_to_stop,
)
from orders.checkout.services.checkout import (
    start_checkout,
    view_checkout,
)
from orders.checkout.services.contacts import (
    ContactRefused,
    check_contact,
)
from orders.checkout.services.idempotency import (
    IdempotencyInFlight,
    IdempotencyMismatch,
    forget_old_keys,
    run_once,
)
from orders.checkout.services.placing import (
    find_placed_order,
    place_order,
)

__all__ = [
    "CANCEL_REQUESTED",
    "ContactRefused",
    "IdempotencyInFlight",
    "IdempotencyMismatch",
    "ask_to_cancel",
    "cancel_order",
    "check_contact",
    "expire_carts",
    "expire_unpaid_orders",
    "find_placed_order",
    "forget_old_keys",
    "may_ask_to_cancel",
    "orders_to_stop",
    "place_order",
    "run_once",
    "start_checkout",
    "view_checkout",
]
