"""Read the rules of returns, what may be sent back, and returns."""

from orders.returns.selectors.allowances import (
    describe_returns,
    list_allowances,
    list_choices,
    load_rules,
    say_rule,
)
from orders.returns.selectors.returns import (
    count_by_category,
    count_returns,
    export_returns,
    find_return,
    get_return,
    list_overdue,
    list_returns,
    show_returns,
    view_return,
)

__all__ = [
    "count_by_category",
    "count_returns",
    "describe_returns",
    "export_returns",
    "find_return",
    "get_return",
    "list_allowances",
    "list_choices",
    "list_overdue",
    "list_returns",
    "load_rules",
    "say_rule",
    "show_returns",
    "view_return",
]
