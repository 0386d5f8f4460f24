"""Digests of tokens, scopes and lifetimes of those of staff. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

MAX_TOKEN_LENGTH = 80
LONGEST_LIFE = timedelta(days=366)
PRICES_A_DAY = 1_000


class StaffScope(StrEnum):
    """What a token may do, at most: its owner's own rights are asked at each call.

    RELEASE hands in, takes back, pauses, resumes and ends. Nothing approves: that is a person's
    decision, made in the back office. PRODUCTS_WRITE is for products with their prices and
    pictures, and for lists of them; ORDERS_SHIP packs, ships and delivers; ORDERS_REFUND receives
    and inspects returns, and gives money back.
    """

    READ = "campaigns:read"
    WRITE = "campaigns:write"
    RELEASE = "campaigns:release"
    PRODUCTS_READ = "products:read"
    PRODUCTS_WRITE = "products:write"
    STOCK_WRITE = "stock:write"
    ORDERS_READ = "orders:read"
    ORDERS_SHIP = "orders:ship"
    ORDERS_REFUND = "orders:refund"


@dataclass(frozen=True, slots=True)
class StaffKey:
    """Who calls by a token: which token, whose, its scopes, and how many list prices it may
    change within a day.
    """

    token_id: int
    name: str
    account_id: int
    scopes: frozenset[str]
    prices_a_day: int


def digest_token(token: str) -> str:
    """Return what is kept of a token, which has too many bits to be guessed from it."""
    return hashlib.sha256(token.encode()).hexdigest()
