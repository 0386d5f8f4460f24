"""Tables of the orders. Imported only inside this room; suites keep their own `models`."""

from orders.models.carts import Cart, CartLine
from orders.models.facts import OrderFacts
from orders.models.idempotency import IdempotencyKey
from orders.models.orders import Order, OrderEvent, OrderLine
from orders.models.statistics import SalesDay
from orders.models.terms import DeliveryMethod, TaxRate

__all__ = [
    "Cart",
    "CartLine",
    "DeliveryMethod",
    "IdempotencyKey",
    "Order",
    "OrderEvent",
    "OrderFacts",
    "OrderLine",
    "SalesDay",
    "TaxRate",
]
