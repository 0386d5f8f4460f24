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
from shop.catalog.selectors import get_market, list_categories


def is_restricted(card: CatalogCard) -> bool:
    """Return whether the product's category asks for an age. No query once cached."""
    return _asks_age(card.category_id)


def _asks_age(category_id: int) -> bool:
    node = list_categories("en").nodes.get(category_id)
    return node is not None and node.is_restricted


def find_minimum_age(lines: Iterable[SettledLine], market_code: str) -> int | None:
    """Return the age that `lines` ask for in the market, None if nothing in them asks for one."""
    if any(is_restricted(line.card) for line in lines):
        return get_market(market_code).minimum_age
    return None


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
    categories = [line.card.category_id for line in lines]
    return find_terms_for(categories, market_code=market_code, now=now)


def find_terms_for(category_ids: Iterable[int], *, market_code: str, now: datetime) -> Terms:
    """Return the taxes and the ways to deliver products of these categories."""
    terms = load_terms(market_code=market_code, day=now.date())
    if any(map(_asks_age, category_ids)):
        return replace(terms, methods=without_same_day(terms.methods))
    return terms
