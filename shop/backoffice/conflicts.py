"""Campaigns that meet on the same goods: real carts and the goods several of them cover."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np

from orders.services.places import find_places, find_products
from pricing.selectors import floor_minor
from promotions.core.carts import CartLineValue, CartValue
from promotions.core.conflicts import Conflict, find_conflicts, kinds_of_shoppers
from promotions.core.terms import Bundle, extra_scopes
from promotions.core.values import OfferValue
from promotions.selectors.builder_drafts import compile_campaigns
from promotions.selectors.campaigns import CampaignView
from promotions.selectors.scopes import cover_variants
from shop.catalog.selectors import get_market, load_variant_arrays

MOST_GOODS = 12
MOST_CARTS = 12
MOST_TIMES = 4
PIECES = (1, 6)


def list_conflicts(
    campaign: CampaignView,
    *,
    market_code: str,
    neighbours: Sequence[int],
    carts: Sequence[CartValue],
    threshold: float,
    now: datetime,
    on_progress: Callable[[int, int], None] = lambda done, of: None,
) -> list[Conflict]:
    """Return what the campaign and its neighbours do together, deepest first. Two queries.

    Asked of the goods most offers cover, alone in several quantities, and of recorded carts that
    hold them; at the beginnings of the campaigns, for every kind of shopper they tell apart.
    """
    offers = [
        offer
        for offer in compile_campaigns({campaign.campaign_id, *neighbours})
        if offer.market_code in ("", market_code)
    ]
    released = [_release(offer) for offer in offers]
    mine = [offer for offer in released if offer.campaign_id == campaign.campaign_id]
    goods = _shared_goods(released, mine)
    held = [cart for cart in carts if any(line.variant_id in goods for line in cart.lines)]
    baskets = [*_lone_baskets(goods, market_code, now), *held[:MOST_CARTS]]
    found = find_conflicts(
        offers=released,
        baskets=baskets,
        shoppers=kinds_of_shoppers(released),
        times=_times(campaign, released, now),
        threshold=threshold,
        on_progress=on_progress,
    )
    return [one for one in found if campaign.campaign_id in one.campaign_ids]


def _release(offer: OfferValue) -> OfferValue:
    fields = {name: getattr(offer, name) for name in OfferValue.__slots__}
    return OfferValue(**{**fields, "status": "live"})


def _shared_goods(offers: Sequence[OfferValue], mine: Sequence[OfferValue]) -> list[int]:
    """Return the goods of the campaign that most offers cover, the popular ones first."""
    arrays = load_variant_arrays()
    counted = np.zeros(len(arrays.variant_id), dtype=np.int64)
    own = np.zeros(len(arrays.variant_id), dtype=np.bool_)
    for offer in offers:
        scopes = extra_scopes(offer.benefit.terms)
        if not isinstance(offer.benefit.terms, Bundle):
            scopes = (offer.scope, *scopes)
        covered = np.logical_or.reduce([cover_variants(scope, arrays) for scope in scopes])
        counted += covered
        own |= covered if offer in mine else False
    ranked = np.lexsort((-arrays.popularity, -counted))
    return [int(arrays.variant_id[at]) for at in ranked if own[at]][:MOST_GOODS]


def _lone_baskets(ids: Sequence[int], market_code: str, now: datetime) -> list[CartValue]:
    arrays, market = load_variant_arrays(), get_market(market_code)
    at = dict(zip(arrays.variant_id.tolist(), arrays.list_minor.tolist(), strict=True))
    floors = floor_minor(variant_ids=list(ids), now=now, market=market_code) if ids else {}
    places, products = find_places(ids), find_products(ids)
    return [
        CartValue(
            (
                CartLineValue(
                    line_id=str(one),
                    variant_id=one,
                    product_id=products.get(one, 0),
                    category_ids=places[one][0],
                    brand_id=places[one][1],
                    quantity=pieces,
                    unit_minor=at[one],
                    floor_minor=floors.get(one, 0),
                ),
            ),
            market.currency,
            market_code,
            "online",
            market.jurisdiction_code,
            market.time_zone,
        )
        for one in ids
        for pieces in PIECES
        if at.get(one)
    ]


def _times(campaign: CampaignView, offers: Sequence[OfferValue], now: datetime) -> list[datetime]:
    """Return moments inside the campaign's window at which most campaigns run together."""
    begin = max(campaign.starts_at, now)
    starts = {begin, *(max(offer.starts_at, begin) for offer in offers)}
    inside = [at for at in starts if at < campaign.ends_at]
    running = Counter({at: sum(o.starts_at <= at < o.ends_at for o in offers) for at in inside})
    return [at for at, _count in running.most_common(MOST_TIMES)]
