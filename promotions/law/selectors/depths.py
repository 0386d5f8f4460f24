"""Depth of a campaign's offers at current prices, where prices alone determine it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pricing.api import current_public_prices
from promotions.campaigns.api import OFFERS, WHOLE, Reach, is_bound_by_prices, reach_of
from promotions.law.core.depth import deepest_unit
from promotions.law.selectors.products import find_places, least_bought
from promotions.law.selectors.violations import list_markets
from shop.ground.catalog.selectors import load_variant_arrays

type IntArray = NDArray[np.int64]


def measure_reach(snapshot: Mapping[str, Any], *, now: datetime) -> Reach:
    """Return how far a snapshot goes, gifts and set prices by the worth they give away.

    Two queries more for each offer that only prices bound, none for others.
    """
    priced = {
        str(offer["code"]): max(
            _depth_at(offer, market, now)
            for market in list_markets(snapshot.get("market_code") or "")
        )
        for offer in snapshot[OFFERS]
        if offer.get("is_active", True) and is_bound_by_prices(offer)
    }
    return reach_of(snapshot, priced)


def _depth_at(offer: Mapping[str, Any], market: str, now: datetime) -> float:
    """Return the greatest share of its price that a unit loses, percent; all of it without goods.

    The law's own reckoning: what a set saves is spread over its units, and a gift is a share of
    itself and of the least that must be bought for it.
    """
    arrays = load_variant_arrays()
    places = find_places(offer, arrays)
    chosen = np.union1d(places.bought, places.given)
    prices = _public_prices(arrays.variant_id[chosen], market, now)
    if not (prices > 0).any():
        return WHOLE
    roles = places.among(chosen, offer, least_bought(offer, market=market, now=now))
    unit = deepest_unit(offer, prices, roles)
    priced = prices > 0
    return float((WHOLE * (1.0 - unit[priced] / prices[priced])).max())


def _public_prices(variant_ids: IntArray, market: str, now: datetime) -> IntArray:
    """Return the public prices of variants in their order, 0 where there is none."""
    found = current_public_prices(variant_ids=variant_ids.tolist(), now=now, market=market)
    known = dict(zip(found.variant_id.tolist(), found.public_minor.tolist(), strict=True))
    return np.array([known.get(one, 0) for one in variant_ids.tolist()], dtype=np.int64)
