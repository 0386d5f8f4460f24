"""Age-restricted products (alcohol, tobacco): who may order them, and how they travel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from orders.core.delivery import without_same_day
from orders.core.refusals import CartRefused
from orders.core.settled import SettledLine
from orders.selectors.terms import Terms, load_terms
from shop.catalog.core.values import CatalogCard
from shop.catalog.selectors import get_market, list_age_limited


def is_restricted(card: CatalogCard) -> bool:
    """Return whether the product or its category asks for an age. No query once cached."""
    return card.variant_id in list_age_limited()


def find_minimum_age(lines: Iterable[SettledLine], market_code: str) -> int | None:
    """Return the age that `lines` ask for, None if nothing in them asks for one.

    A product's own limit counts for it, else the market's; of several the highest.
    """
    limited = [line.card.minimum_age for line in lines if is_restricted(line.card)]
    usual = get_market(market_code).minimum_age if limited else 0
    return max((own or usual for own in limited), default=None)


def require_age(lines: Iterable[SettledLine], market_code: str, *, is_of_age: bool) -> None:
    """Raise CartRefused (age_not_confirmed) unless the shopper said to be old enough."""
    age = find_minimum_age(lines, market_code)
    if age is not None and not is_of_age:
        raise CartRefused(
            f"Confirm that you are {age} or older: the cart holds products with an age limit.",
            code="age_not_confirmed",
            minimum_age=age,
        )


def find_terms(lines: Iterable[SettledLine], *, market_code: str, now: datetime) -> Terms:
    """Return the taxes and the ways to deliver `lines`: no age limit travels on the same day."""
    ids = [line.card.variant_id for line in lines]
    return find_terms_for(ids, market_code=market_code, now=now)


def find_terms_for(variant_ids: Iterable[int], *, market_code: str, now: datetime) -> Terms:
    """Return the taxes and the ways to deliver these variants."""
    terms = load_terms(market_code=market_code, day=now.date())
    if not list_age_limited().isdisjoint(variant_ids):
        return replace(terms, methods=without_same_day(terms.methods))
    return terms
