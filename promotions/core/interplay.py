"""Which offers keep something from each other, and which lower each line by itself."""

from __future__ import annotations

from collections.abc import Sequence

from promotions.core.conditions import ALWAYS
from promotions.core.stacking_rules import GroupMode, exclude_each_other
from promotions.core.stacking_steps import place_of
from promotions.core.values import Benefit, OfferValue, Target


def is_bound(mine: OfferValue, other: OfferValue) -> bool:
    """Return whether what one offer gives may keep the other one from giving as much."""
    if mine.offer_id == other.offer_id:
        return False
    one, two = place_of(mine), place_of(other)
    if exclude_each_other(one, two):
        return True
    if one.category is not None and one.category == two.category:
        return one.category.max_offers is not None
    limits = {room.limit.limit_id for room in mine.rooms}
    if any(room.limit.limit_id in limits for room in other.rooms):
        return True
    return mine.left_minor is not None and mine.campaign_id == other.campaign_id


def is_by_line(offer: OfferValue) -> bool:
    """Return whether the offer lowers each line by itself while its budget lasts."""
    benefit = offer.benefit
    is_free = offer.audience != "personal" and not offer.rooms
    # Whatever a benefit may say beyond this looks at several lines
    plain = Benefit(benefit.kind, Target.LINE, benefit.percent, benefit.amount_minor)
    return is_free and benefit == plain and offer.condition == ALWAYS


def shuts_out_others(offer: OfferValue, others: Sequence[OfferValue]) -> bool:
    """Return whether the offer and another one, which covers other products, never apply both."""
    place = place_of(offer)
    is_free = place.category is None and all(group.mode is GroupMode.STACK for group in place.path)
    return any(
        other.scopes != offer.scopes and exclude_each_other(place, place_of(other))
        for other in others
        if not (is_free and not other.path and other.category is None)
    )
