"""The only door to payments: what other rooms, pages and jobs call."""

from orders.payments.core.values import EventRefused, PaymentStep, RefundPart
from orders.payments.providers.table import check_payments, list_offered, say_no_provider
from orders.payments.selectors import count_attempts, count_put_back, count_troubled
from orders.payments.services.attempts import (
    confirm_payment,
    continue_payment,
    list_payment_methods,
    pay_nothing,
    start_payment,
)
from orders.payments.services.events import forget_old_events, take_event
from orders.payments.services.found import read_unassigned
from orders.payments.services.reconciling import reconcile_payments
from orders.payments.services.refunds import (
    REFUNDABLE,
    count_refundable,
    forget_refund_reasons,
    refund_order,
    refund_whole,
    settle_returned,
    take_gifts_back,
)
from orders.payments.services.sending import capture_payment, retry_refund, settle_due_payments
from orders.refusals import PaymentRefused

__all__ = [
    "REFUNDABLE",
    "EventRefused",
    "PaymentRefused",
    "PaymentStep",
    "RefundPart",
    "capture_payment",
    "check_payments",
    "confirm_payment",
    "continue_payment",
    "count_attempts",
    "count_put_back",
    "count_refundable",
    "count_troubled",
    "forget_old_events",
    "forget_refund_reasons",
    "list_offered",
    "list_payment_methods",
    "pay_nothing",
    "read_unassigned",
    "reconcile_payments",
    "refund_order",
    "refund_whole",
    "retry_refund",
    "say_no_provider",
    "settle_due_payments",
    "settle_returned",
    "start_payment",
    "take_event",
    "take_gifts_back",
]
