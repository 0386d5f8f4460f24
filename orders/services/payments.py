"""Pay an order."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from orders.core.values import PaymentMethod, PaymentStep


def list_payment_methods(*, language: str) -> list[PaymentMethod]:
    """Return the ways to pay. No query."""
    raise NotImplementedError


def start_payment(
    *, order_id: int, method: str, idempotency_key: str, now: datetime, language: str = "en"
) -> PaymentStep:
    """Try to pay an order; the same key gives the same attempt. Raises OrderRefused."""
    raise NotImplementedError


def confirm_payment(
    *, payment_id: UUID, action_token: str, approved: bool, now: datetime, language: str = "en"
) -> PaymentStep:
    """Finish an attempt that waited for the shopper (3-D Secure and the like). Twice is once."""
    raise NotImplementedError
