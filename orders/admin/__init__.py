"""Staff tables of the orders; Django looks for them here."""

from orders.admin import carts, orders, terms
from orders.fulfilment import admin as fulfilment
from orders.payments import admin as payments
from orders.returns import admin as returns

__all__ = ["carts", "fulfilment", "orders", "payments", "returns", "terms"]
