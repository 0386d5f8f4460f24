"""The door of the suite: all that others import."""

from orders.returns.core import (
    Choice,
    ExchangeItem,
    Finding,
    OrderReturns,
    ReturnableLine,
    ReturnItem,
    ReturnView,
    Wish,
    find_rule,
)
from orders.returns.selectors.allowances import describe_returns, load_rules, say_rule
from orders.returns.selectors.returns import (
    count_by_category,
    count_returns,
    export_returns,
    find_return,
    get_return,
    list_overdue,
    list_returns,
    list_returns_of_shopper,
    show_returns,
)
from orders.returns.services.asking import forget_return_words, request_return, withdraw_return
from orders.returns.services.settling import receive_return, settle_return

__all__ = [
    "Choice",
    "ExchangeItem",
    "Finding",
    "OrderReturns",
    "ReturnItem",
    "ReturnView",
    "ReturnableLine",
    "Wish",
    "count_by_category",
    "count_returns",
    "describe_returns",
    "export_returns",
    "find_return",
    "find_rule",
    "forget_return_words",
    "get_return",
    "list_overdue",
    "list_returns",
    "list_returns_of_shopper",
    "load_rules",
    "receive_return",
    "request_return",
    "say_rule",
    "settle_return",
    "show_returns",
    "withdraw_return",
]
