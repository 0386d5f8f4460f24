"""Age-restricted products (alcohol, tobacco): who may order them, and how they travel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from orders.core.cart_view import SettledLine
from orders.core.delivery import Method, without_same_day
from orders.core.refusals import CartRefused
from shop.catalog.core.values import CatalogCard
from shop.catalog.selectors import get_market, list_categories


def is_restricted(card: CatalogCard) -> bool:
    """Return whether the product's category asks for an age. No query once cached."""
    node = list_categories("en").nodes.get(card.category_id)
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


def list_methods(methods: Sequence[Method], lines: Iterable[SettledLine]) -> Sequence[Method]:
    """Return the ways `lines` may be delivered: nothing with an age limit on the same day."""
    if any(is_restricted(line.card) for line in lines):
        return without_same_day(methods)
    return methods
