"""Handlers of facts for fulfilment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from orders.fulfilment.services.mail import send_parcel_email
from orders.fulfilment.services.packing import settle_after_refund
from shop.ground.kernel.clock import utc_now


def mail_parcel(fact_id: UUID, payload: Mapping[str, Any]) -> None:
    """ParcelMoved: tell the shopper, where there is a letter."""
    send_parcel_email(
        shipment_id=int(payload["shipment_id"]), state=str(payload["state"]), now=utc_now()
    )


def settle_refunded(fact_id: UUID, payload: Mapping[str, Any]) -> None:
    """OrderRefunded: the rest that was to be sent may be gone now."""
    settle_after_refund(order_id=int(payload["order_id"]), now=utc_now())
