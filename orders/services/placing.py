"""From cart to order, once."""

from __future__ import annotations

from orders.core.values import Contact, OrderView
from pricing.core.values import QuoteContext


def place_order(
    *,
    context: QuoteContext,
    idempotency_key: str,
    contact: Contact,
    delivery_method: str,
    shown_total_minor: int,
) -> OrderView:
    """Turn the cart into an order to be paid within the hold; the same key gives the same order.

    Raises CartRefused, PriceConsentNeeded, TotalChanged, OutOfStock, CouponExhausted,
    IdempotencyMismatch, IdempotencyInFlight.
    """
    raise NotImplementedError
