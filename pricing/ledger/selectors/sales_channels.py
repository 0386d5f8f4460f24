"""The places that have prices: markets and their channels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from pricing.ledger.models.ledger import PublicPrice
from shop.ground.catalog.selectors import home_market, list_markets
from shop.ground.staff.phrases import join_names

SalesChannel = tuple[str, str]


def home_place() -> SalesChannel:
    """Return the home market and its online channel."""
    return home_market(), "online"


def name_place(place: SalesChannel) -> str:
    """Return how a place is called in figures and sentences."""
    return "/".join(place)


def say_in_place(name: str, sentence: str) -> str:
    """Return a sentence with the name of the place it is about."""
    return gettext("In %(place)s: %(sentence)s") % {"place": name, "sentence": sentence}


def say_served(metrics: Mapping[str, Any], *, is_in_use: bool) -> str:
    """Return where a model learned, and, of the one in use, which other places it prices. One query
    for that one."""
    home = metrics.get("place") or name_place(home_place())
    told = [gettext("Fitted on the sales of %(place)s.") % {"place": home}]
    others = [name_place(one) for one in list_places()] if is_in_use else []
    others = [one for one in others if one != home]
    if others:
        sentence = gettext("Priced by it too, without a model of their own: %(places)s.")
        told.append(sentence % {"places": join_names(others)})
    return " ".join(told)


def list_places() -> list[SalesChannel]:
    """Return the market and channel of all public prices in active markets, the home place first:
    it is one before its first price. One query."""
    rows = PublicPrice.objects.order_by().values_list("market_id", "channel").distinct()
    home, active = home_place(), {market.code for market in list_markets()}
    return [home, *sorted(row for row in set(rows) - {home} if row[0] in active)]
