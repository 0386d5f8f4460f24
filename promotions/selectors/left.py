"""How much of a limited offer is left, as a page may tell it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from promotions.core.limits import Buyer, least_left
from promotions.selectors.limits import read_rooms
from promotions.selectors.personal import PersonalOffer


def tell_left(offers: Sequence[PersonalOffer], buyer: Buyer) -> list[PersonalOffer]:
    """Return the offers with what is left of them, those used up left out.

    Counted when asked, holds that ran out given back. One query, none where nothing is limited.
    """
    rooms = read_rooms(offers, buyer)
    return [
        replace(offer, left=least_left(found))
        for offer, found in zip(offers, rooms, strict=True)
        if not any(room.is_spent for room in found)
    ]
