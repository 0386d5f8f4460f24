"""Names of the room's keys in Redis."""

from __future__ import annotations

STREAM = "fairtag:quotes"
GROUP = "drain"
# Looks at public prices, a page an entry; longer than this it forgets the oldest.
LOOKS, MOST_PAGES = "fairtag:looks", 200_000
# Bits by day and place: which sets of goods a page of the day has shown.
SEEN_SETS = "fairtag:look-sets:"
# The places (market:channel) that hold quotes of anybody: where erasure has to look.
HELD_PLACES = "fairtag:held"


def held_key(market: str, channel: str, pseudonym: str) -> str:
    """Return the key of a shopper's held quotes: a hash by variant id.

    >>> held_key("us", "online", "alice")
    'fairtag:held:us:online:alice'
    """
    return f"fairtag:held:{market}:{channel}:{pseudonym}"
