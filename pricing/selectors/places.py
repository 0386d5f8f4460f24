"""The places that have prices: markets and their channels."""

from __future__ import annotations

from django.conf import settings

from pricing.models import PublicPrice

Place = tuple[str, str]


def home_place() -> Place:
    """Return the market this shop serves by default, and its online channel."""
    return settings.MARKET_CODE, "online"


def list_places() -> list[Place]:
    """Return the market and channel of all public prices, the home place first: it is one before
    its first price. One query."""
    rows = PublicPrice.objects.order_by().values_list("market_id", "channel").distinct()
    home = home_place()
    return [home, *sorted(set(rows) - {home})]
