"""Put what an order froze back around offers that were restored from their versions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from promotions.core.asked import FrozenFacts
from promotions.core.values import CouponValue, OfferValue


def refill_offers(offers: Iterable[OfferValue], facts: FrozenFacts) -> list[OfferValue]:
    """Return the offers that were put to the evaluator, with the limits and money of then."""
    kept = [
        _refill(offer, facts)
        for offer in offers
        if offer.offer_id not in facts.hidden and not is_withheld(offer, facts)
    ]
    if not facts.passed_over:
        return kept
    hidden = facts.passed_over
    return [o.without_variants(hidden) if o.is_for_chosen else o for o in kept]


def is_withheld(offer: OfferValue, facts: FrozenFacts) -> bool:
    """Return whether a personal offer was not put to the evaluator for who the shopper was.

    They switched personal prices off, or the campaign gave them another one of its offers.
    """
    if offer.requires_coupon or offer.audience != "personal":
        return False
    other = facts.given.get(offer.campaign_id) not in (None, offer.offer_id)
    return other or not facts.allows_personal


def refill_codes(offers: Iterable[OfferValue], facts: FrozenFacts) -> list[CouponValue]:
    """Return the codes that were entered as they stood, with offers of then among `offers`."""
    by_id = {offer.offer_id: offer for offer in offers}
    found = []
    for one in facts.codes:
        offer = by_id.get(one.offer_id or 0)
        if offer is not None:
            left = facts.left_minor.get(offer.campaign_id, offer.left_minor)
            offer = replace(offer, rooms=one.rooms, left_minor=left)
        found.append(replace(one.coupon, offer=offer))
    return found


def _refill(offer: OfferValue, facts: FrozenFacts) -> OfferValue:
    return replace(
        offer,
        rooms=facts.rooms.get(offer.offer_id, ()),
        left_minor=facts.left_minor.get(offer.campaign_id, offer.left_minor),
    )
