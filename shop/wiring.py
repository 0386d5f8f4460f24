"""Which handler hears which fact. The whole table, in one place.

Handlers take (fact id, payload), are idempotent by fact id, and only send tasks or call one
service. Rooms register nothing by themselves: what is not in this file does not happen.
"""

from __future__ import annotations

from collections.abc import Callable

from celery.signals import beat_init, worker_init

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
from pricing.selectors.arm_served import load_served
from pricing.selectors.offered import tell_public_offers
from pricing.services.arm_limits import refuse_far_arms
from pricing.services.price_arms import refuse_price_factors
from pricing.tasks import look_again_soon, reprice_soon
from profiles.selectors.experiment_serving import watch_served
from profiles.services.experiment_checks import check_designs
from promotions.selectors.offered import list_public_cuts
from promotions.services.allocation_arms import refuse_unallocated
from promotions.services.tested_campaigns import refuse_public_design
from shop.catalog.tasks import make_pictures_soon
from shop.jobs.starting import require_ready
from shop.outbox.services import Handlers, on_fact_committed

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
    "ListPricesChanged": (reprice_soon,),
    "EmergencyDeclared": (reprice_soon,),
    "KillSwitchFlipped": (reprice_soon,),
    "PriceProposalsDecided": (reprice_soon,),
    "PriceOverrideSet": (reprice_soon,),
    "CompetitorPricesImported": (reprice_soon,),
    "PictureAdded": (make_pictures_soon,),
}


def connect(*, wake: Callable[[], object]) -> None:
    """Connect the rooms to each other; called once when the app registry is ready.

    `wake` rouses the worker that delivers facts.
    """
    on_fact_committed(wake)
    worker_init.connect(require_ready)  # as the web server does: see `shop.wsgi`
    beat_init.connect(require_ready)
    tell_public_offers(list_public_cuts)
    check_designs("offers", refuse_public_design)
    check_designs("allocator", refuse_unallocated)
    check_designs("prices", refuse_price_factors)
    check_designs("public_prices", refuse_far_arms)
    watch_served(load_served)
