"""Customers as lists of them say: what is known of a person, and what they agreed to elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

# What a list may say of a person. "number" is the merchant's own.
CUSTOMER_FIELDS = (
    *("number", "name", "phone", "address_line1", "address_line2", "city", "region", "postcode"),
    *("country", "language", "marketing"),
)
FROM_LIST = "list"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a question of consent: on which day it was given, and where.

    Without a day nobody asked: what holds is the default of the place.
    """

    is_granted: bool
    given_on: date | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class KnownCustomer:
    """A customer the shop has: `fields` those of CUSTOMER_FIELDS, "" where nothing is known.

    `is_shopper` is False for staff and for an address that another account confirmed as its
    second one: a list must not change these. `is_active` means that the person signed in.
    """

    email: str
    account_id: int
    shopper_id: int | None
    is_shopper: bool
    is_active: bool
    market: str
    fields: Mapping[str, str]
    answers: Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class CustomerChange:
    """What a list gives a customer. Fields and answers that it does not name stay as they are."""

    email: str
    fields: Mapping[str, str] = field(default_factory=dict)
    market: str = ""
    answers: Mapping[str, Answer] = field(default_factory=dict)
