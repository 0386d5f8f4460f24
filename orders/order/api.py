"""The door of `order`, the only module of it that others import.

The order itself: frozen prices, states, timeline, views, letters and the secret link.
"""

from orders.order.core.links import (
    TOKEN_SIGNS,
)
from orders.order.selectors.laws import find_law
from orders.order.selectors.orders import (
    ChangePlace,
    OrderChanges,
    count_orders,
    find_last_contact,
    find_order_for_guest,
    get_any_order,
    get_order,
    get_order_by_token,
    get_order_id,
    is_order_email,
    list_changes,
    list_oldest,
    list_orders,
    owns_order,
)
from orders.order.selectors.views import (
    is_before_packing,
    may_cancel,
    status_text,
    view_order,
)
from orders.order.services.bulk import (
    ORDER_COLUMNS,
    ORDER_LINE_COLUMNS,
    load_orders_bulk,
)
from orders.order.services.comments import (
    LONGEST_COMMENT,
    comment_order,
)
from orders.order.services.letters import (
    list_mail_pictures,
    send_letter,
)
from orders.order.services.links import (
    renew_link,
    write_link,
)
from orders.order.services.locks import (
    lock_order_step,
)
from orders.order.services.mail import (
    send_order_email,
)
from orders.order.services.settling import (
    REASON_CODES,
    close_unpaid,
    describe_step,
    give_back,
    move_order,
    note,
    return_order_points,
    settle_paid,
)

__all__ = [
    "LONGEST_COMMENT",
    "ORDER_COLUMNS",
    "ORDER_LINE_COLUMNS",
    "REASON_CODES",
    "TOKEN_SIGNS",
    "ChangePlace",
    "OrderChanges",
    "close_unpaid",
    "comment_order",
    "count_orders",
    "describe_step",
    "find_last_contact",
    "find_law",
    "find_order_for_guest",
    "get_any_order",
    "get_order",
    "get_order_by_token",
    "get_order_id",
    "give_back",
    "is_before_packing",
    "is_order_email",
    "list_changes",
    "list_mail_pictures",
    "list_oldest",
    "list_orders",
    "load_orders_bulk",
    "lock_order_step",
    "may_cancel",
    "move_order",
    "note",
    "owns_order",
    "renew_link",
    "return_order_points",
    "send_letter",
    "send_order_email",
    "settle_paid",
    "status_text",
    "view_order",
    "write_link",
]
