"""Lots about offers that are drawn now: the randomised arm, new offers, holdouts of campaigns."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from django.db.models import OuterRef, Subquery

from profiles.experiments.api import HELD_OUT, OTHERS
from profiles.lots import OpenLots, Purpose
from promotions.campaigns.models import Campaign
from promotions.targeting.core.arms import CHOSEN, CONTROL, share_arms
from promotions.targeting.models import AllocationPlan, OfferDecision
from promotions.targeting.selectors.allocations import list_allocatable, plans_at

EXPLORED = "explored"


def list_offer_lots(*, now: datetime) -> list[OpenLots]:
    """Return the lots of live campaigns. Three queries."""
    first = OfferDecision.objects.filter(campaign=OuterRef("campaign")).order_by("at").values("at")
    plans = list(plans_at(now).annotate(begun_at=Subquery(first[:1])))
    offers = list_allocatable([plan.campaign_id for plan in plans]).order_by("percent", "pk")
    by_campaign: dict[int, dict[str, datetime | None]] = defaultdict(dict)
    for campaign_id, code, is_new, made_at in offers.values_list(
        "campaign_id", "code", "belief__is_new", "belief__made_at"
    ):
        by_campaign[campaign_id][code] = made_at if is_new else None
    found = []
    for plan in plans:
        found += _describe(plan, by_campaign[plan.campaign_id], plan.begun_at)
    return found + _list_holdouts(now)


def _describe(
    plan: AllocationPlan, offers: dict[str, datetime | None], begun_at: datetime | None
) -> list[OpenLots]:
    """Return the lots of a plan. `offers` says since when an offer is new, None where it is not."""
    if not offers:
        return []
    campaign = plan.campaign
    markets = (campaign.market_code,) if campaign.market_code else ()
    control, each, rest = share_arms(plan.control_share, plan.depth_share, len(offers))
    chances = {CONTROL: control, **dict(zip(offers, each, strict=True)), CHOSEN: rest}
    found = [OpenLots(Purpose.ARM, campaign.code, chances, begun_at, markets)]
    share, new = plan.exploration_share, [at for at in offers.values() if at is not None]
    if share > 0.0 and new:
        told = {EXPLORED: share, OTHERS: 1.0 - share}
        found.append(OpenLots(Purpose.NEW_OFFER, campaign.code, told, min(new), markets))
    return found


def _list_holdouts(now: datetime) -> list[OpenLots]:
    rows = Campaign.objects.filter(
        status=Campaign.Status.LIVE, starts_at__lte=now, ends_at__gt=now, holdout_percent__gt=0
    ).order_by("code")
    names = ("code", "holdout_percent", "starts_at", "market_code")
    return [
        OpenLots(
            purpose=Purpose.CAMPAIGN_HOLDOUT,
            subject=code,
            chances={HELD_OUT: percent / 100.0, OTHERS: 1.0 - percent / 100.0},
            since=since,
            markets=(market,) if market else (),
        )
        for code, percent, since, market in rows.values_list(*names)
    ]
