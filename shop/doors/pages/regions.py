"""Regions a visitor may choose in a market: places whose price law the shop knows."""

from __future__ import annotations

from functools import lru_cache

from babel import Locale
from django.utils.translation import gettext, gettext_lazy, override

from orders.terms.api import read_country
from pricing.api import list_ruled_places
from shop.ground.catalog.core.values import MarketValue

# The strictest law holds for them, as for every place without a rule.
ELSEWHERE = "unknown"
OTHER_NAMES = {"UK": "GB"}
# In both languages; the names of other parts of countries come from the rules of addresses.
STATES = {
    "US-other": gettext_lazy("Another US state"),
    "US-NY": gettext_lazy("New York"),
    "US-MD": gettext_lazy("Maryland"),
    "US-CT": gettext_lazy("Connecticut"),
}


def list_regions(market: MarketValue, language: str) -> list[tuple[str, str]]:
    """Return code and name of the regions to choose from: the market's own, then those it names,
    else all whose price law is known, its own country's first. No query while rules are fresh."""
    return [(code, name_region(code, language)) for code in _list_codes(market)]


def is_region(code: str, market: MarketValue) -> bool:
    """Return whether a visitor of a market may choose a region. No query while rules are fresh."""
    return code in _list_codes(market)


def _list_codes(market: MarketValue) -> tuple[str, ...]:
    own = market.jurisdiction_code
    if market.regions:
        return tuple(dict.fromkeys((own, *market.regions)))
    return _sort_places(own, market.country, list_ruled_places())


@lru_cache(maxsize=64)
def _sort_places(own: str, country: str, places: tuple[str, ...]) -> tuple[str, ...]:
    rest = sorted(places, key=lambda one: (one.split("-")[0] != country, one))
    return tuple(dict.fromkeys((own, *rest, ELSEWHERE)))


@lru_cache(maxsize=512)
def name_region(code: str, language: str) -> str:
    """Return the name of a region: a country, a part of one, or the rest of one."""
    country, _dash, part = code.partition("-")
    with override(language):
        if code == ELSEWHERE:
            return gettext("Somewhere else")
        if code in STATES:
            return str(STATES[code])
        if part:
            rules = read_country(country)
            known = dict(reversed(rules.regions)) if rules else {}
            return known.get(part, code)
    territories = Locale.parse(language, sep="-").territories
    return str(territories.get(OTHER_NAMES.get(country, country), code))
