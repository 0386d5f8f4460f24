"""Write carts and orders. Keyword-only, one transaction each. Payments: `orders.payments.api`."""

from orders.core.cart_view import UnknownDelivery
from orders.core.refusals import (
    CartChanged,
    CartRefused,
    OrderNotFound,
    OrderRefused,
    PaymentRefused,
    PriceConsentNeeded,
    TotalChanged,
)
from orders.services.bulk import ORDER_COLUMNS, ORDER_LINE_COLUMNS, load_orders_bulk
from orders.services.cancelling import cancel_order, expire_carts, expire_unpaid_orders
from orders.services.carts import (
    accept_price_changes,
    add_to_cart,
    apply_coupon,
    remove_coupon,
    remove_line,
    set_quantity,
    use_points,
    view_cart,
)
from orders.services.checkout import start_checkout
from orders.services.comments import LONGEST_COMMENT, comment_order
from orders.services.contacts import ContactRefused, check_contact
from orders.services.erasure import forget_contacts
from orders.services.facts import forget_old_facts
from orders.services.gift_choices import choose_gift
from orders.services.idempotency import (
    IdempotencyInFlight,
    IdempotencyMismatch,
    forget_old_keys,
    run_once,
)
from orders.services.identity import remember_contact
from orders.services.links import renew_link
from orders.services.mail import send_order_email
from orders.services.merging import merge_carts
from orders.services.placing import place_order
from orders.services.statistics import summarize_sales

__all__ = [
    "LONGEST_COMMENT",
    "ORDER_COLUMNS",
    "ORDER_LINE_COLUMNS",
    "CartChanged",
    "CartRefused",
    "ContactRefused",
    "IdempotencyInFlight",
    "IdempotencyMismatch",
    "OrderNotFound",
    "OrderRefused",
    "PaymentRefused",
    "PriceConsentNeeded",
    "TotalChanged",
    "UnknownDelivery",
    "accept_price_changes",
    "add_to_cart",
    "apply_coupon",
    "cancel_order",
    "check_contact",
    "choose_gift",
    "comment_order",
    "expire_carts",
    "expire_unpaid_orders",
    "forget_contacts",
    "forget_old_facts",
    "forget_old_keys",
    "load_orders_bulk",
    "merge_carts",
    "place_order",
    "remember_contact",
    "remove_coupon",
    "remove_line",
    "renew_link",
    "run_once",
    "send_order_email",
    "set_quantity",
    "start_checkout",
    "summarize_sales",
    "use_points",
    "view_cart",
]
