"""Staff tables of the orders; Django looks for them here."""

from orders.admin import carts, orders, payments, terms

__all__ = ["carts", "orders", "payments", "terms"]
