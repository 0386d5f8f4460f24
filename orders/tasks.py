"""Jobs of the room, and what it does when it hears its own facts. Times: `shop/schedule.py`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from orders.checkout import api as checkout
from orders.erasure import forget_contacts, forget_old_facts
from orders.order.api import send_order_email
from orders.reports import api as reports
from shop.ground.inventory.services import expire_reservations
from shop.ground.jobs.tasks import job
from shop.ground.kernel.clock import utc_now

KEEP_KEYS = timedelta(hours=72)


@job(queue="live", time_limit=120)
def expire_carts_and_reservations() -> int:
    """Close unpaid orders, ended checkouts, old carts and stock holds, in this order.

    Orders go first: what they hold is given back with their codes and budgets, before the bare
    hold of the stock runs out.
    """
    now = utc_now()
    closed = checkout.expire_unpaid_orders(now=now)
    return closed + checkout.expire_carts(now=now) + expire_reservations(now=now)


@job(queue="bulk", time_limit=300)
def forget_old_keys_and_contacts() -> int:
    """Delete idempotency keys and facts past their use, and addresses of erased shoppers."""
    now = utc_now()
    forgotten = checkout.forget_old_keys(before=now - KEEP_KEYS)
    return forgotten + forget_old_facts(now=now) + forget_contacts(now=now)


@job(queue="bulk", time_limit=300)
def summarize_sales() -> int:
    """Sum up the sales of the last weeks for the staff's dashboard."""
    return reports.summarize_sales(now=utc_now())


@job(queue="bulk", time_limit=1800)
def summarize_all_sales() -> int:
    """Sum up all sales anew: refunds reach back further than weeks."""
    return reports.summarize_sales(now=utc_now(), everything=True)


def mail_order_placed(fact_id: UUID, payload: Mapping[str, Any]) -> None:
    """OrderPlaced: confirm the order by e-mail."""
    send_order_email(order_id=int(payload["order_id"]), kind="placed", now=utc_now())


def mail_order_paid(fact_id: UUID, payload: Mapping[str, Any]) -> None:
    """OrderPaid: send the receipt."""
    send_order_email(order_id=int(payload["order_id"]), kind="paid", now=utc_now())


def mail_order_cancelled(fact_id: UUID, payload: Mapping[str, Any]) -> None:
    """OrderCancelled: say so."""
    send_order_email(order_id=int(payload["order_id"]), kind="cancelled", now=utc_now())


def mail_order_expired(fact_id: UUID, payload: Mapping[str, Any]) -> None:
    """OrderExpired: say that nothing was charged."""
    send_order_email(order_id=int(payload["order_id"]), kind="expired", now=utc_now())


def mail_order_refunded(fact_id: UUID, payload: Mapping[str, Any]) -> None:
    """OrderRefunded: say how much comes back."""
    send_order_email(order_id=int(payload["order_id"]), kind="refunded", now=utc_now())
