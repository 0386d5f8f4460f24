"""Write stock: reserve, commit, release, receive, return, count, load; note what is expected.

Rows are locked in (location, variant) order. Global lock order: product, variant and price before
stock before coupon before budget before order. Products, variants and prices are locked against
other writers only (FOR NO KEY UPDATE): what names them, a hold or a line of an order, goes on.
"""

from shop.ground.inventory.services.deliveries import expect_deliveries
from shop.ground.inventory.services.movements import (
    adjust_stock,
    load_opening_stock,
    receive_stock,
    return_stock,
)
from shop.ground.inventory.services.reservations import (
    OutOfStock,
    ReservationGone,
    TooManyHeld,
    commit_reservation,
    expire_reservations,
    lock_stock,
    release_reservation,
    reserve_stock,
)

__all__ = [
    "OutOfStock",
    "ReservationGone",
    "TooManyHeld",
    "adjust_stock",
    "commit_reservation",
    "expect_deliveries",
    "expire_reservations",
    "load_opening_stock",
    "lock_stock",
    "receive_stock",
    "release_reservation",
    "reserve_stock",
    "return_stock",
]
