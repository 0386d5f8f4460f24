"""Limits on stock reservations before payment: quantity and duration.

What a household buys is held in full. Beyond that one person holds a share of what is left, and
all people at one internet address a few such shares. Of what is scarce everything is held briefly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

HOUSEHOLD = 12
SHARE_PERCENT = 10
SHARES_PER_ADDRESS = 4
SCARCE_PERCENT = 10


@dataclass(frozen=True, slots=True)
class Claim:
    """Who holds. An empty `person` or `address` is not counted.

    An order needs all its pieces: it may hold more than its share while person and address hold
    nothing else of it. It is then held until `short_until`, as is what is scarce.
    """

    person: str
    address: str
    short_until: datetime
    is_order: bool = False


@dataclass(frozen=True, slots=True)
class HeldPieces:
    """What is held now, pieces by variant, and until when."""

    pieces: Mapping[int, int]
    until: datetime


@dataclass(frozen=True, slots=True)
class OwnHolds:
    """What the same person, and the same address, hold of a variant elsewhere."""

    by_person: int = 0
    by_address: int = 0


def room_for(left: int, own: OwnHolds) -> int:
    """Return how many of the `left` pieces, which nobody else holds, may be held more.

    >>> room_for(300, OwnHolds()), room_for(300, OwnHolds(by_person=30, by_address=30))
    (30, 0)
    >>> room_for(300, OwnHolds(by_address=110)), room_for(10, OwnHolds())
    (10, 12)
    """
    share = max(HOUSEHOLD, left * SHARE_PERCENT // 100)
    return max(0, min(share - own.by_person, SHARES_PER_ADDRESS * share - own.by_address))


def is_scarce(free: int, on_hand: int) -> bool:
    """Return whether hardly anything is left for others.

    >>> is_scarce(0, 10), is_scarce(1, 10)
    (True, False)
    """
    return free * 100 < on_hand * SCARCE_PERCENT
