"""Handlers of facts for returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from orders.returns.services.mail import send_return_email
from shop.ground.kernel.clock import utc_now


def mail_return(fact_id: UUID, payload: Mapping[str, Any]) -> None:
    """ReturnMoved: tell the shopper, where there is a letter."""
    send_return_email(
        return_id=int(payload["return_id"]), state=str(payload["state"]), now=utc_now()
    )
