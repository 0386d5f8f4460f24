"""Shares of randomization in force now, for the page that explains them to shoppers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pricing.api import DOWN, TRIED, UP, list_price_lots
from profiles.experiments.api import HELD_OUT
from profiles.lots import OpenLots, Purpose
from promotions.targeting.api import CHOSEN, EXPLORED, list_offer_lots


@dataclass(frozen=True, slots=True)
class DrawnShares:
    """How much chance decides in a market, the largest share where there are several.

    `shocks` of public prices move a week; of the shoppers `holdout` pay public prices, `trial` are
    priced by a model on trial, `offers` get a personal offer or none by chance, `new_offers` are
    those new offers are tried on, and `offer_holdout` do not get an offer that is for them.
    """

    shocks: float
    has_drawn_prices: bool
    holdout: float
    trial: float
    offers: float
    new_offers: float
    offer_holdout: float


def read_shares(*, market: str, now: datetime) -> DrawnShares:
    """Return how much chance decides in a market. Five queries."""
    lots = [
        one
        for one in (*list_price_lots(), *list_offer_lots(now=now))
        if not one.markets or market in one.markets
    ]
    return DrawnShares(
        shocks=_most(lots, Purpose.PRICE_TEST, DOWN, UP),
        has_drawn_prices=any(one.purpose == Purpose.PRICE_DRAW for one in lots),
        holdout=_most(lots, Purpose.PRICE_HOLDOUT, HELD_OUT),
        trial=_most(lots, Purpose.TRIAL, TRIED),
        offers=max(
            (1.0 - one.chances[CHOSEN] for one in lots if one.purpose == Purpose.ARM), default=0.0
        ),
        new_offers=_most(lots, Purpose.NEW_OFFER, EXPLORED),
        offer_holdout=_most(lots, Purpose.CAMPAIGN_HOLDOUT, HELD_OUT),
    )


def _most(lots: Iterable[OpenLots], purpose: Purpose, *alternatives: str) -> float:
    shares = (
        sum(one.chances[name] for name in alternatives) for one in lots if one.purpose == purpose
    )
    return max(shares, default=0.0)
