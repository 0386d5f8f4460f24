"""Limits of a cart: pieces, lines, points, lifetime and stock reservations."""

from __future__ import annotations

from datetime import timedelta

MAX_QUANTITY = 99
MAX_LINES = 100
MAX_POINTS = 10_000_000
CART_LIVES = timedelta(days=30)
HOLD = timedelta(minutes=60)
SHORT_HOLD = timedelta(minutes=15)  # of what is scarce, or more than one's share


def merged_quantity(mine: int, theirs: int) -> int:
    """Return how many of a variant a merged cart holds.

    The larger of both: a shopper who put the same thing in twice, before and after the login,
    wants it once.

    >>> merged_quantity(1, 2)
    2
    """
    return min(MAX_QUANTITY, max(mine, theirs))
