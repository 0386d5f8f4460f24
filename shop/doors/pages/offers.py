"""All offers of a shopper, and what one of them covers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from profiles.values import OnlineProfile
from promotions.campaigns.api import list_covered_variants
from promotions.engine.api import Buyer, ShopperView
from promotions.offers.api import PersonalOffer, personal_offers_for, tell_left
from promotions.sentences.api import list_offer_terms
from shop.doors.pages.category import build_listing, catalog_filters
from shop.doors.pages.context import PageContext
from shop.doors.pages.members import find_profile, find_ranking_row
from shop.doors.pages.values import ListingQuery, OfferPage, OffersPage
from shop.ground.catalog.selectors import (
    get_market,
    list_search_facets,
    load_variant_arrays,
)
from shop.ground.kernel.errors import FairtagError

MANY = 500
SPARE = 6


class OfferNotFound(FairtagError):
    """No such offer for this shopper at this moment."""

    code = "offer_not_found"


def offer(ctx: PageContext, offer_id: int, query: ListingQuery) -> OfferPage:
    """Return an offer that this shopper may use, and what it covers. Raises OfferNotFound."""
    known = list_shopper_offers(ctx, find_profile(ctx), limit=MANY)
    found = next((each for each in known if each.offer_id == offer_id), None)
    if found is None:
        raise OfferNotFound("There is no such offer for you, or it has ended.")
    covered = _covered_variants(found, ctx.market)
    listing = list_search_facets(covered, catalog_filters(query), market=ctx.market)
    terms = list_offer_terms(
        campaign_id=found.campaign_id, offer_id=offer_id, language=ctx.language
    )
    return OfferPage(offer=found, listing=build_listing(ctx, listing, query, "offer"), terms=terms)


def offers(ctx: PageContext, profile: OnlineProfile | None = None) -> OffersPage:
    """Return the offers that this shopper may use now, flash sales apart. Queries: as below."""
    found = list_shopper_offers(ctx, profile or find_profile(ctx), limit=MANY)
    flash = sorted((one for one in found if one.has_clock), key=lambda one: one.ends_at)
    return OffersPage(tuple(flash), tuple(one for one in found if not one.has_clock))


def list_shopper_offers(
    ctx: PageContext, profile: OnlineProfile | None, *, limit: int
) -> list[PersonalOffer]:
    """Return the offers that suit this shopper best, with what is left; strangers get public ones.

    One query more than the offers take, none where none of them has a use limit.
    """
    row = find_ranking_row(profile)
    found = personal_offers_for(
        shopper=ShopperView(
            shopper_id=profile.shopper_id if profile else None,
            is_member=ctx.account_id is not None,
            segment=row.segment if row else None,
            tags=frozenset(row.tags) if row else frozenset(),
            allows_personal=bool(profile and profile.consents and profile.consents.price),
        ),
        market_code=ctx.market,
        now=ctx.now,
        language=ctx.language,
        affinity=row.variant_affinity if row else None,
        category_affinity=row.category_affinity if row else None,
        limit=limit + SPARE,
        region=ctx.jurisdiction_code,
    )
    shopper_id, time_zone = (
        profile.shopper_id if profile else None,
        get_market(ctx.market).time_zone,
    )
    return tell_left(found, Buyer(shopper_id, ctx.channel, time_zone, ctx.now))[:limit]


def _covered_variants(offer: PersonalOffer, market: str) -> NDArray[np.int64]:
    """Return what a market sells of an offer's products, most popular first; of one for chosen
    shoppers without what is never priced personally."""
    arrays = load_variant_arrays(market)
    covered = np.isin(arrays.variant_id, list_covered_variants(offer_id=offer.offer_id))
    if offer.audience == "personal":
        covered &= ~arrays.never_personal
    order = np.argsort(-arrays.popularity[covered], kind="stable")
    return arrays.variant_id[covered][order]
