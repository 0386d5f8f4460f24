"""A campaign of the demo that ran while its simulated visitors bought, and is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from promotions.campaigns.models import Campaign, CampaignShopper, Offer
from promotions.demo.services.release import create_demo, list_missing

CODE = "best-sellers-week"
NAMES = ("A week of 10% off best sellers", "热销商品一周九折")
HELD_OUT, BUDGET = 20, 50_000


@transaction.atomic
def seed_ended_campaign(
    *,
    market_code: str,
    category_ids: Sequence[int],
    shopper_ids: Sequence[int],
    starts_at: datetime,
    ends_at: datetime,
) -> bool:
    """Create the campaign and release it at its begin, for these shoppers; True if new.

    A share of them is held out, so that its results have a lift. What they buy in its window is
    counted as it is bought: nothing of its results is written here.
    """
    if CODE not in list_missing([CODE], now=starts_at):
        return False
    offer = {
        "benefit_kind": Offer.Benefit.PERCENTAGE,
        "target": Offer.Target.LINE,
        "percent": Decimal(10),
        "scope": {"categories": sorted(category_ids)},
        "stacking": Offer.Stacking.BEST_UNIT,
        "stacking_group": "weekly",
    }
    made = create_demo(
        CODE,
        NAMES,
        market_code=market_code,
        now=starts_at,
        ends_at=ends_at,
        offers=[offer],
        kind=Campaign.Kind.PRICE_CUT,
        audience=Campaign.Audience.PERSONAL,
        goal=Campaign.Goal.SALES,
        budget_minor=BUDGET,
        holdout_percent=HELD_OUT,
    )
    CampaignShopper.objects.bulk_create(
        CampaignShopper(campaign=made, shopper_id=one) for one in shopper_ids
    )
    return True
