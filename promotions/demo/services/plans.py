"""A draft and a campaign that waits for a second person, for the demo's first day."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from promotions.campaigns.api import CampaignRefused, Step
from promotions.campaigns.models import Campaign, Offer
from promotions.demo.services.release import list_missing, make_lawful
from promotions.release.api import move_campaign, open_for_change
from shop.ground.catalog.selectors import list_categories

log = logging.getLogger("fairtag.promotions")
LASTS = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is planned: `path` of its department, percent off, days until it begins."""

    code: str
    name: str
    name_zh: str
    path: str
    percent: int
    in_days: int
    goal: str
    budget_minor: int
    is_handed_in: bool = False


PLANS = (
    _Plan("snack-week", "Snack week: 10% off", "零食周九折", "snacks", 10, 5, "sales", 50_000),
    _Plan(
        code="household-clearance",
        name="Household clearance: 35% off",
        name_zh="家居清仓六五折",
        path="household",
        percent=35,
        in_days=9,
        goal="stock",
        budget_minor=80_000,
        is_handed_in=True,
    ),
)


@transaction.atomic
def seed_demo_plans(*, market_code: str, now: datetime) -> int:
    """Create what is planned; what exists is left alone. Return how many campaigns were created.

    What the law refuses to hand in stays a draft.
    """
    tree = list_categories("en")
    places = {node.path: node.category_id for node in tree.nodes.values()}
    missing = list_missing([plan.code for plan in PLANS], now=now)
    wanted = [plan for plan in PLANS if plan.code in missing and plan.path in places]
    for plan in wanted:
        _create(plan, places[plan.path], market_code, now)
    return len(wanted)


def _create(plan: _Plan, category_id: int, market_code: str, now: datetime) -> None:
    starts = now + timedelta(days=plan.in_days)
    made = Campaign.objects.create(
        code=plan.code,
        name=plan.name,
        name_zh=plan.name_zh,
        kind=Campaign.Kind.PRICE_CUT,
        goal=plan.goal,
        market_code=market_code,
        starts_at=starts,
        ends_at=starts + LASTS,
        budget_minor=plan.budget_minor,
    )
    offer = Offer(
        campaign=made,
        code=plan.code,
        name=plan.name,
        name_zh=plan.name_zh,
        benefit_kind=Offer.Benefit.PERCENTAGE,
        target=Offer.Target.LINE,
        percent=Decimal(plan.percent),
        scope={"categories": [category_id]},
        stacking=Offer.Stacking.BEST_UNIT,
        stacking_group="weekly",
    )
    offer.full_clean()
    offer.save()
    make_lawful(made, now=now)
    open_for_change(campaign_id=made.pk, now=now)
    if plan.is_handed_in:
        _hand_in(made, now)


def _hand_in(campaign: Campaign, now: datetime) -> None:
    reason = "The shelves are needed for the spring range"
    try:
        with transaction.atomic():
            move_campaign(
                campaign_id=campaign.pk, step=Step.SCHEDULE, reason=reason, by_id=None, now=now
            )
    except CampaignRefused as refusal:
        log.warning("Campaign %s stays a draft: %s", campaign.code, refusal)
