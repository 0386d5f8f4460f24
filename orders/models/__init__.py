"""Tables of the orders: named here for Django, imported by nobody else."""

from orders.cart.models import Cart, CartLine, ShownPromise
from orders.checkout.models import IdempotencyKey, OrderFacts
from orders.fulfilment.models import Carrier, Shipment, ShipmentLine
from orders.order.models import Order, OrderEvent, OrderLine
from orders.payments.models import Payment, PaymentEvent, Refund, RefundLine
from orders.reports.models import SalesDay
from orders.returns.models import Return, ReturnExchange, ReturnLine, ReturnRule
from orders.satisfaction.models import OrderRating
from orders.terms.models import DeliveryMethod, TaxRate

__all__ = [
    "Carrier",
    "Cart",
    "CartLine",
    "DeliveryMethod",
    "IdempotencyKey",
    "Order",
    "OrderEvent",
    "OrderFacts",
    "OrderLine",
    "OrderRating",
    "Payment",
    "PaymentEvent",
    "Refund",
    "RefundLine",
    "Return",
    "ReturnExchange",
    "ReturnLine",
    "ReturnRule",
    "SalesDay",
    "Shipment",
    "ShipmentLine",
    "ShownPromise",
    "TaxRate",
]
