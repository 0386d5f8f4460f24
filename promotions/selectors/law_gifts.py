"""Gifts for chosen shoppers that come with those of a draft: of itself and of what is released."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pricing.selectors import current_public_prices
from promotions.core.law.gifts import GiftOffer
from promotions.core.stacking_steps import place_of
from promotions.core.terms import Gift
from promotions.core.values import OfferValue
from promotions.models import Campaign, Offer
from promotions.selectors.builder_drafts import compile_campaigns
from promotions.selectors.law_goods import least_of


def load_given(row: Campaign, begins: datetime) -> tuple[OfferValue, ...]:
    """Return the gifts of a campaign for chosen shoppers, and those of other such campaigns that
    are released and run at the same time.

    No query for other audiences; two where the campaign gives nothing away, four where it does.
    """
    if row.audience != Campaign.Audience.PERSONAL:
        return ()
    mine = _keep_gifts(compile_campaigns({row.pk}))
    if not mine:
        return ()
    others = Offer.objects.filter(
        benefit_kind=Offer.Benefit.GIFT,
        is_active=True,
        campaign__audience=Campaign.Audience.PERSONAL,
        campaign__status=Campaign.Status.LIVE,
        campaign__starts_at__lt=row.ends_at,
        campaign__ends_at__gt=begins,
    )
    if row.market_code:
        others = others.filter(campaign__market_code__in=["", row.market_code])
    ids = set(others.exclude(campaign=row).values_list("campaign_id", flat=True))
    return (*mine, *(_keep_gifts(compile_campaigns(ids)) if ids else ()))


def price_gifts(
    given: Sequence[OfferValue], campaign_id: int, *, market: str, now: datetime
) -> tuple[GiftOffer, ...]:
    """Return what the gifts are worth in a market and what must be bought for them there.

    Of several goods to choose from the dearest counts. No query while the price book is fresh.
    """
    found = []
    for offer in given:
        terms = offer.benefit.terms
        if not isinstance(terms, Gift) or offer.market_code not in ("", market):
            continue
        prices = current_public_prices(
            variant_ids=list(terms.variant_ids), now=now, market=market
        ).public_minor
        found.append(
            GiftOffer(
                code=offer.code,
                is_mine=offer.campaign_id == campaign_id,
                value_minor=terms.quantity * int(prices.max(initial=0)),
                least_minor=least_of(offer.condition, market=market, now=now),
                place=place_of(offer),
                condition=offer.condition,
                starts_at=offer.starts_at,
                ends_at=offer.ends_at,
            )
        )
    return tuple(found)


def _keep_gifts(offers: Sequence[OfferValue]) -> tuple[OfferValue, ...]:
    return tuple(offer for offer in offers if isinstance(offer.benefit.terms, Gift))
