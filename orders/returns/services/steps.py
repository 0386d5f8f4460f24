"""Steps common to all return services: lock, state, timeline and fact."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from orders.order.api import describe_step, lock_order_step, note
from orders.order.models import Order
from orders.refusals import OrderRefused
from orders.returns.core import ReturnState
from orders.returns.models import Return
from shop.ground.outbox.services import write_fact


def lock_return(return_id: int) -> tuple[Order, Return]:
    """Take the step lock of the return's order and read both fresh. Raises OrderRefused."""
    order_id = Return.objects.filter(pk=return_id).values_list("order_id", flat=True).first()
    if order_id is None:
        raise OrderRefused(_("There is no such return."), code="return_not_found")
    order = lock_order_step(order_id)
    return order, Return.objects.get(pk=return_id)


def require_state(row: Return, *states: ReturnState) -> None:
    """Raise OrderRefused (return_moved_on) unless the return is in one of `states`."""
    if row.state not in states:
        said = _("This return is past that step. Reload the page to see where it is.")
        raise OrderRefused(said, code="return_moved_on")


def note_return(order: Order, row: Return, *, now: datetime, by_id: int | None = None) -> None:
    """Write the step into the order's timeline, and tell the other rooms."""
    detail = {"return_id": row.pk, "return": row.number} | describe_step(by_id=by_id)
    note(order, f"return_{row.state}", now=now, detail=detail)
    payload = {"order_id": order.pk, "return_id": row.pk, "state": row.state}
    write_fact(kind="ReturnMoved", payload=payload, occurred_at=now)
