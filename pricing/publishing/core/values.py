"""New list prices that are probably not meant: below cost or floor, or far from the present one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

BELOW_COST, BELOW_FLOOR, FAR_FROM_PRESENT = "below_cost", "below_floor", "far_from_present"
DOUBTS = (BELOW_COST, BELOW_FLOOR, FAR_FROM_PRESENT)


@dataclass(frozen=True, slots=True)
class NewPrice:
    """A list price that a variant is to get in a market, minor units of its currency.

    `present` and `cost` are None where they are unknown.
    """

    sku: str
    market: str
    price_minor: int
    present_minor: int | None
    cost_minor: int | None


@dataclass(frozen=True, slots=True)
class Doubt:
    """A new price that is probably not meant: what speaks against it, and the cost's floor."""

    code: str
    price: NewPrice
    floor_minor: int | None


@dataclass(frozen=True, slots=True)
class TokenBound:
    """How many list prices a token of staff may change within a day; `count_waiting` counts those
    of its lists that are taken over and not written yet.
    """

    token_id: int
    most: int
    count_waiting: Callable[[], int]


def name_setter(*, token_id: int | None = None, account_id: int | None = None) -> str:
    """Return how the price ledger names who changed a list price: the token, else the person.

    >>> name_setter(token_id=5, account_id=3), name_setter(account_id=3), name_setter()
    ('token 5', 'person 3', '')
    """
    if token_id is not None:
        return f"token {token_id}"
    return "" if account_id is None else f"person {account_id}"


@dataclass(frozen=True, slots=True)
class Meant:
    """How many doubtful prices somebody looked at and means, and why.

    `has_second` says that a second person agreed, without whom no price goes below cost. `set_by`
    is kept in the price ledger. `bound`: what a token may still change; None for a list, which was
    looked at when it was taken over.
    """

    count: int = 0
    reason: str = ""
    has_second: bool = False
    set_by: str = ""
    bound: TokenBound | None = None


def doubt_price(new: NewPrice, *, floor: int | None) -> str:
    """Return the first of DOUBTS that a new price raises, "" for none.

    A price is far from the present one if it differs by more than half of it. Unknown amounts
    (None) raise no doubt.

    >>> doubt_price(NewPrice("A", "us", 99, 200, 100), floor=102)
    'below_cost'
    >>> doubt_price(NewPrice("A", "us", 101, 200, 100), floor=102)
    'below_floor'
    >>> [doubt_price(NewPrice("A", "us", one, 200, None), floor=None) for one in (99, 100, 301)]
    ['far_from_present', '', 'far_from_present']
    """
    price, present = new.price_minor, new.present_minor
    if new.cost_minor is not None and price < new.cost_minor:
        return BELOW_COST
    if floor is not None and price < floor:
        return BELOW_FLOOR
    if present is not None and 2 * abs(price - present) > present:
        return FAR_FROM_PRESENT
    return ""
