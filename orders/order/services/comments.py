"""Internal comments of staff on orders; shoppers never see them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from orders.order.models import Order, OrderEvent
from orders.order.services.settling import describe_step, note
from orders.refusals import OrderNotFound, OrderRefused

LONGEST_COMMENT = OrderEvent._meta.get_field("reason").max_length or 300


@transaction.atomic
def comment_order(*, order_id: int, text: str, by_id: int, now: datetime) -> None:
    """Add a comment of the staff to the order's timeline; it is deleted with the shopper's data.

    Raises OrderRefused (no_comment) for no words or too many, OrderNotFound.
    """
    words = text.strip()
    if not 0 < len(words) <= LONGEST_COMMENT:
        said = _("Write a comment of 1 to %(n)s characters.") % {"n": LONGEST_COMMENT}
        raise OrderRefused(said, code="no_comment")
    order = Order.objects.filter(pk=order_id).first()
    if order is None:
        raise OrderNotFound("There is no such order.")
    note(order, "comment", now=now, detail=describe_step(by_id=by_id), reason=words)
