"""The door of `order`, the only module of it that others import.

The order itself: frozen prices, states, timeline, views, letters and the secret link.
"""

from orders.order.core import (
    TOKEN_SIGNS,
)
from orders.order.selectors import (
    ChangePlace,
    count_orders,
    find_last_contact,
    find_law,
    find_order_for_guest,
    get_any_order,
    get_order,
    get_order_by_token,
    get_order_id,
    is_before_packing,
    is_order_email,
    list_changes,
    list_oldest,
    list_orders,
    may_cancel,
    owns_order,
    status_text,
    view_order,
)
from orders.order.services.bulk import load_orders_bulk
from orders.order.services.mail import (
    list_mail_pictures,
    renew_link,
    send_letter,
    send_order_email,
    write_link,
)
from orders.order.services.settling import (
    LONGEST_COMMENT,
    REASON_CODES,
    close_unpaid,
    comment_order,
    describe_step,
    give_back,
    lock_order_step,
    move_order,
    note,
    return_order_points,
    settle_paid,
)

__all__ = [
    "LONGEST_COMMENT",
    "REASON_CODES",
    "TOKEN_SIGNS",
    "ChangePlace",
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
