"""Markets, read once a minute."""

from __future__ import annotations

import time

from shop.catalog.core.values import MarketValue
from shop.catalog.models import Market
from shop.kernel.errors import FairtagError
from shop.staff.place import StaffPlace, staff_place

MARKET_SECONDS = 60.0
_markets: dict[str, tuple[MarketValue, float]] = {}


class MarketNotFound(FairtagError):
    """The market the shop is set to (MARKET) has not been loaded."""

    code = "market_not_found"


def find_place(code: str) -> StaffPlace:
    """Return the currency and clock that staff use for a market.

    Those of the page where the code is empty ("every market") or names no market.
    """
    try:
        market = get_market(code) if code else None
    except MarketNotFound:
        market = None
    return staff_place() if market is None else StaffPlace(market.currency, market.time_zone)


def get_market(code: str) -> MarketValue:
    """Return a market. Raises MarketNotFound. One query a minute per process and market."""
    market, read_at = _markets.get(code, (None, 0.0))
    if market is None or time.monotonic() - read_at > MARKET_SECONDS:
        row = Market.objects.filter(pk=code).first()
        if row is None:
            raise MarketNotFound(f"There is no market {code}.")
        market = MarketValue(
            code=row.code,
            name=row.name,
            currency=row.currency,
            country=row.country,
            jurisdiction_code=row.jurisdiction_code,
            language=row.language,
            time_zone=row.time_zone,
            minimum_age=row.minimum_age,
        )
        _markets[code] = (market, time.monotonic())
    return market
