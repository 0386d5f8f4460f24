"""Who does not get a members' or personal campaign, so that its effect can be measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from profiles.core.experiments.assignment import is_in_share
from promotions.core.values import CouponValue, OfferValue

SALT = "campaign-holdout"


def is_held_out(campaign_id: int, percent: int, shopper_id: int | None) -> bool:
    """Return whether a shopper is in the campaign's holdout: sticky, by a salted hash.

    Nobody is where the share is 0. Whoever has no shopper row cannot be counted in either arm
    and gets nothing that is measured.
    """
    if not percent:
        return False
    return shopper_id is None or is_in_share(
        str(shopper_id), percent / 100.0, SALT, str(campaign_id)
    )


def drop_held_out(offers: Iterable[OfferValue], shopper_id: int | None) -> list[OfferValue]:
    """Return the offers whose campaigns do not hold the shopper out."""
    return [
        offer
        for offer in offers
        if not is_held_out(offer.campaign_id, offer.holdout_percent, shopper_id)
    ]


def close_held_out(coupons: Sequence[CouponValue], shopper_id: int | None) -> list[CouponValue]:
    """Return codes as those see them who are held out: meant for other shoppers."""
    return [_close(coupon, shopper_id) for coupon in coupons]


def _close(coupon: CouponValue, shopper_id: int | None) -> CouponValue:
    offer = coupon.offer
    if offer is None or drop_held_out([offer], shopper_id):
        return coupon
    # No campaign has this number, so none addresses the shopper.
    closed = replace(offer, audience="personal", campaign_id=-offer.campaign_id)
    return replace(coupon, offer=closed)
