"""Offers on several units, in the words of shoppers: what the book's offers give and ask."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from promotions.core.builder.deals import say_deal
from promotions.core.conditions import list_scopes
from promotions.core.unit_preview import is_multibuy
from promotions.selectors.book import load_offer_book
from promotions.selectors.builder_names import speak
from shop.catalog.selectors import catalog_version


def name_deals(language: str) -> Mapping[int, str]:
    """Return what each offer on several units gives, by offer id, with its products named.

    No query, but two for each kind of products they name once offers or the catalogue changed.
    """
    return _name_deals(load_offer_book().version, catalog_version(), language)


@lru_cache(maxsize=4)
def _name_deals(book_version: int, catalogue: int, language: str) -> dict[int, str]:
    """Return the texts; the versions key the memory."""
    named = {}
    for offer in filter(is_multibuy, load_offer_book().offers):
        english, chinese = speak((*offer.scopes, *list_scopes(offer.condition)), offer.market_code)
        named[offer.offer_id] = say_deal(offer, chinese if language.startswith("zh") else english)
    return named
