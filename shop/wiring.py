"""Table of facts and the handlers of each.

Handlers take (fact id, payload), are idempotent by fact id, and only send tasks or call one
service. Rooms register nothing by themselves: what is not in this file does not happen.
"""

from __future__ import annotations

from celery.signals import worker_init

from orders.fulfilment.tasks import mail_parcel, settle_refunded
from orders.payments.tasks import settle_soon
from orders.returns.tasks import mail_return
from orders.tasks import (
    mail_order_cancelled,
    mail_order_expired,
    mail_order_paid,
    mail_order_placed,
    mail_order_refunded,
)
from pricing.tasks import (
    look_again_soon,
    mail_contest_answer,
    publish_soon,
    reprice_soon,
)
from shop.ground.jobs.starting import require_ready
from shop.ground.outbox.services import Handlers

HANDLERS: Handlers = {
    "OrderPlaced": (mail_order_placed,),
    "OrderPaid": (mail_order_paid,),
    "OrderCancelled": (mail_order_cancelled,),
    "OrderExpired": (mail_order_expired,),
    "OrderRefunded": (mail_order_refunded, settle_refunded),
    "ParcelMoved": (mail_parcel,),
    "ReturnMoved": (mail_return,),
    "PaymentDue": (settle_soon,),
    "ModelActivated": (reprice_soon, look_again_soon),
    "PolicyApproved": (reprice_soon,),
    "ListPricesChanged": (publish_soon,),
    "EmergencyDeclared": (reprice_soon,),
    "KillSwitchFlipped": (reprice_soon,),
    "PriceProposalsDecided": (publish_soon,),
    "PriceContestAnswered": (mail_contest_answer,),
    "PriceOverrideSet": (publish_soon,),
    "CompetitorPricesImported": (reprice_soon,),
}


def connect() -> None:
    """Let workers check that they may start; called once when the app registry is ready."""
    worker_init.connect(require_ready)  # as the web server does: see `shop.wsgi`
