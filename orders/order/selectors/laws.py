"""Which law an order is under."""

from __future__ import annotations

from orders.order.models import Order
from pricing.api import resolve_jurisdiction
from pricing.base.core.values import JurisdictionRule


def find_law(order: Order) -> JurisdictionRule:
    """Return the law of an order: that of the place it goes to, as it was then; without an address
    the law that its prices were shown under."""
    place = "-".join(filter(None, (order.country, order.region)))
    return resolve_jurisdiction(code=place or order.jurisdiction_code, now=order.placed_at)
