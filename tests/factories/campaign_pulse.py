"""Acts, redemptions and minutes of campaigns that adjust themselves."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from profiles.models import Event
from profiles.values import ShopperValue
from promotions.models import Campaign, CampaignMinute, CampaignTuning, Redemption
from tests.factories.promotions import NOON

MINUTE = timedelta(minutes=1)
# 200 orders that lost 3.00 each after a discount of 2.00.
LOSING = {"spend_minor": 40_000, "margin_minor": -60_000, "margin_squares": 200 * 320.0**2}


def act(shopper: ShopperValue, kind: str, at: datetime, **fields: object) -> None:
    Event.objects.create(
        id=uuid4(),
        shopper_id=shopper.id,
        kind=kind,
        occurred_at=at,
        received_at=at,
        channel="online",
        source="web",
        **fields,
    )


def redeem(
    campaign: Campaign,
    shopper: ShopperValue,
    ref: str,
    at: datetime,
    amount: int,
    *,
    state: str = "committed",
) -> None:
    Redemption.objects.create(
        campaign=campaign,
        offer=campaign.offers.get(),
        shopper_id=shopper.id,
        order_ref=ref,
        amount_minor=amount,
        at=at,
        state=state,
    )


def note(campaign: Campaign, at: datetime = NOON - MINUTE, **amounts: float) -> None:
    """Keep a minute as if it had been counted: 4,000 looks, 400 clicks, 200 orders."""
    usual = {"impressions": 4_000, "clicks": 400, "redemptions": 200}
    CampaignMinute.objects.create(campaign=campaign, minute=at, **(usual | amounts))


def let_adjust(campaign: Campaign, **terms: object) -> None:
    CampaignTuning.objects.create(campaign=campaign, is_automatic=True, **terms)
