"""Tables of the orders. Imported only inside this room."""

from orders.models.carts import Cart, CartLine
from orders.models.facts import OrderFacts
from orders.models.idempotency import IdempotencyKey
from orders.models.orders import Order, OrderEvent, OrderLine
from orders.models.payments import Payment, Refund, RefundLine
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
    "Payment",
    "Refund",
    "RefundLine",
    "SalesDay",
    "TaxRate",
]
