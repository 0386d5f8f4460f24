"""At which place a campaign's offers stand, and at which they would with another weight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from promotions.campaigns.api import live_at, load_offer_book
from promotions.engine.api import OfferValue


@dataclass(frozen=True, slots=True)
class RankChange:
    """Where the first offer of a campaign stands among `among` offers, now and then; from 1.

    `is_own`: among the offers sent to a shopper, on pages and in the weekly letter alike;
    otherwise among those for everybody, which pages show.
    """

    now: int
    then: int
    among: int
    is_own: bool


def find_place(*, campaign_id: int, weight: float, now: datetime) -> RankChange | None:
    """Return the place of a live campaign at its weight of today and at another; None where it has
    no offer that shows by itself.

    As somebody sees it of whose likes nothing is known: what a shopper likes comes on top, in the
    same order (`personal_offers_for`). No query.
    """
    book = load_offer_book()
    mine = next((one for one in book.offers if one.campaign_id == campaign_id), None)
    if mine is None or not live_at(mine, now, mine.market_code):
        return None
    is_own = mine.audience == "personal"
    beside = [
        offer
        for offer in book.offers
        if live_at(offer, now, mine.market_code or offer.market_code)
        and (offer.audience == "personal") == is_own
    ]
    changed = {**book.weights, campaign_id: weight}
    return RankChange(
        now=_rank(beside, campaign_id, book.weights, is_own=is_own),
        then=_rank(beside, campaign_id, changed, is_own=is_own),
        among=len(beside),
        is_own=is_own,
    )


def _rank(
    offers: list[OfferValue], campaign_id: int, weights: Mapping[int, float], *, is_own: bool
) -> int:
    """Return the place of a campaign's first offer, in the order that pages and letters use."""
    ordered = sorted(
        offers,
        key=lambda one: (
            -weights.get(one.campaign_id, 1.0),
            -one.priority,
            one.ends_at.timestamp() if is_own else 0.0,
            one.offer_id,
        ),
    )
    return 1 + next(at for at, one in enumerate(ordered) if one.campaign_id == campaign_id)
