"""Checkout: stock held, prices frozen."""

from __future__ import annotations

from orders.core.values import CheckoutView
from pricing.core.values import QuoteContext


def start_checkout(
    *, context: QuoteContext, delivery_method: str | None = None, version: int | None = None
) -> CheckoutView:
    """Hold the stock of the cart and freeze its prices; may be repeated (a reload, an edit).

    Raises CartRefused, PriceConsentNeeded, OutOfStock (`detail["available"]`).
    """
    raise NotImplementedError
