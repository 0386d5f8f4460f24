"""Markets, kept in memory by catalogue version."""

from __future__ import annotations

from django.conf import settings

from shop.ground.catalog.core.values import MarketValue
from shop.ground.catalog.models import Market
from shop.ground.catalog.selectors.versions import VersionedCache
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.region import StaffRegion, staff_region

_markets: VersionedCache[dict[str, MarketValue]] = VersionedCache(size=1)


class MarketNotFound(FairtagError):
    """There is no market of this code, as when MARKET names none."""

    code = "market_not_found"


def find_place(code: str) -> StaffRegion:
    """Return the currency and clock that staff use for a market.

    Those of the page where the code is empty ("every market") or names no market.
    """
    try:
        market = get_market(code) if code else None
    except MarketNotFound:
        market = None
    return staff_region() if market is None else StaffRegion(market.currency, market.time_zone)


def get_market(code: str) -> MarketValue:
    """Return a market, active or not. Raises MarketNotFound. No query once cached by version."""
    market = _markets.get("all", _load).get(code)
    if market is None:
        raise MarketNotFound(f"There is no market {code}.")
    return market


def list_markets() -> list[MarketValue]:
    """Return the active markets, the home market first. No query once cached by version."""
    active = (one for one in _markets.get("all", _load).values() if one.is_active)
    return sorted(active, key=lambda one: (not one.is_home, one.code))


def has_further_markets() -> bool:
    """Return whether the shop has a market, active or not, beside its home market. No query once
    cached by version."""
    return any(not one.is_home for one in _markets.get("all", _load).values())


def home_market() -> str:
    """Return the code of the market whose list prices stand on the variants: MARKET before a shop
    has any. No query once cached by version."""
    homes = (one.code for one in _markets.get("all", _load).values() if one.is_home)
    return next(homes, settings.MARKET_CODE)


def _load() -> dict[str, MarketValue]:
    return {
        row.code: MarketValue(
            code=row.code,
            name=row.name,
            currency=row.currency,
            country=row.country,
            jurisdiction_code=row.jurisdiction_code,
            language=row.language,
            time_zone=row.time_zone,
            minimum_age=row.minimum_age,
            is_home=row.is_home,
            is_active=row.is_active,
            languages=tuple(row.languages),
            regions=tuple(row.regions),
        )
        for row in Market.objects.all()
    }


def list_currencies() -> dict[str, str]:
    """Return the currency of every market by its code. One query."""
    return dict(Market.objects.order_by("pk").values_list("pk", "currency"))
