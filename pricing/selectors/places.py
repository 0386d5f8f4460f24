"""The places that have prices: markets and their channels."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext

from pricing.models import PublicPrice

Place = tuple[str, str]


def home_place() -> Place:
    """Return the market this shop serves by default, and its online channel."""
    return settings.MARKET_CODE, "online"


def name_place(place: Place) -> str:
    """Return how a place is called in figures and sentences."""
    return "/".join(place)


def say_in_place(name: str, sentence: str) -> str:
    """Return a sentence with the name of the place it is about."""
    return gettext("In %(place)s: %(sentence)s") % {"place": name, "sentence": sentence}


def list_places() -> list[Place]:
    """Return the market and channel of all public prices, the home place first: it is one before
    its first price. One query."""
    rows = PublicPrice.objects.order_by().values_list("market_id", "channel").distinct()
    home = home_place()
    return [home, *sorted(set(rows) - {home})]
