"""Who is left without a campaign, and what becomes of one that loses to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError

from profiles.models import Event, Shopper
from promotions.models import Campaign, CampaignAdjustment, CampaignShopper
from promotions.planning.selectors.results import split_addressed
from promotions.tuning.selectors import adjusting as reading
from promotions.tuning.services.adjusting import adjust_campaigns
from shop.ground.catalog.models import Variant
from tests.factories.orders import Shelf
from tests.factories.promotions import NOON, make_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def roomy(monkeypatch: pytest.MonkeyPatch) -> None:
    """No book of prices holds the products of these tests: without one nothing may be reduced."""
    monkeypatch.setattr(reading, "find_deepest", lambda *_: 60.0)


def address(campaign: Campaign, count: int) -> list[int]:
    """Address `count` new shoppers by a campaign that holds a third of them out."""
    Campaign.objects.filter(pk=campaign.pk).update(holdout_percent=33)
    joined = campaign.starts_at - timedelta(days=1)
    accounts: list[Any] = [None] * count
    if campaign.audience == "members":
        accounts = get_user_model().objects.bulk_create(
            get_user_model()(email=f"member-{n}@shop.example", date_joined=joined)
            for n in range(count)
        )
    people = Shopper.objects.bulk_create(
        Shopper(account=one, market_code="us", created_at=NOON, last_seen_at=NOON)
        for one in accounts
    )
    if campaign.audience == "members":
        return [one.pk for one in people]
    CampaignShopper.objects.bulk_create(
        CampaignShopper(campaign=campaign, shopper=one) for one in people
    )
    return [one.pk for one in people]


def spend(shopper_id: int, variant_id: int, paid_minor: int, kind: str = "purchase") -> None:
    """Buy a piece, or send it back some hours later."""
    is_bought = kind == "purchase"
    Event.objects.create(
        id=uuid4(),
        shopper_id=shopper_id,
        kind=kind,
        variant_id=variant_id,
        quantity=1,
        paid_minor=paid_minor,
        list_minor=400,
        occurred_at=NOON - timedelta(hours=24 if is_bought else 6),
        received_at=NOON,
        channel="online",
        source="shop",
        basket_ref=f"FT-{shopper_id}" if is_bought else f"FT-{shopper_id}#1",
    )


@pytest.mark.parametrize(
    ("audience", "treated_pays", "is_stopped"),
    [("personal", 290, True), ("personal", 400, False), ("members", 290, True)],
)
def test_a_campaign_that_loses_to_its_holdout_is_stopped(
    shelf: Shelf, audience: str, treated_pays: int, is_stopped: bool
) -> None:
    # Everybody buys one cheddar that costs 3.00; with the campaign they pay less for it.
    Variant.objects.filter(pk=shelf.cheddar).update(cost_minor=300, cost_source="merchant")
    campaign = make_campaign("cheese", percent="25", audience=audience)
    people = address(campaign, 480)
    treated, held_out = split_addressed(campaign.pk)
    assert len(held_out) > 120
    for number, shopper_id in enumerate(people):
        base = treated_pays if shopper_id in set(treated.tolist()) else 400
        spend(shopper_id, shelf.cheddar, base + number % 7)
    assert adjust_campaigns(now=NOON) == is_stopped
    campaign.refresh_from_db()
    assert campaign.status == ("paused" if is_stopped else "live")
    stopped = CampaignAdjustment.objects.filter(reason_code="loses_to_holdout")
    assert [(row.lever, row.source, row.state) for row in stopped] == (
        [("pause", "holdout", "applied")] if is_stopped else []
    )


@pytest.mark.parametrize(("comes_back", "is_stopped"), [(False, False), (True, True)])
def test_returned_sales_are_not_counted_as_earnings(
    shelf: Shelf, comes_back: bool, is_stopped: bool
) -> None:
    """The addressed buy three pieces for 3.50 instead of one for 4.00, and send two back."""
    Variant.objects.update(cost_minor=300, cost_source="merchant")
    campaign = make_campaign("cheese", percent="25", audience="personal")
    people = address(campaign, 480)
    addressed = set(split_addressed(campaign.pk)[0].tolist())
    for number, shopper_id in enumerate(people):
        if shopper_id not in addressed:
            spend(shopper_id, shelf.cheddar, 400 + number % 7)
            continue
        for variant_id in (shelf.cheddar, shelf.gouda, shelf.rye):
            spend(shopper_id, variant_id, 350 + number % 7)
        for variant_id in (shelf.gouda, shelf.rye) if comes_back else ():
            spend(shopper_id, variant_id, 350 + number % 7, "return")
    assert adjust_campaigns(now=NOON) == is_stopped
    campaign.refresh_from_db()
    assert campaign.status == ("paused" if is_stopped else "live")


def test_a_shopper_joining_during_the_campaign_is_in_neither_arm(shelf: Shelf) -> None:
    campaign = make_campaign("cheese", percent="25", audience="members")
    people = address(campaign, 60)
    late = get_user_model().objects.create(
        email="late@shop.example", date_joined=campaign.starts_at + timedelta(minutes=1)
    )
    Shopper.objects.create(account=late, market_code="us", created_at=NOON, last_seen_at=NOON)
    treated, held_out = split_addressed(campaign.pk)
    assert sorted([*treated.tolist(), *held_out.tolist()]) == sorted(people)
    assert 0 < len(held_out) < len(treated)
    Campaign.objects.filter(pk=campaign.pk).update(market_code="cn")
    assert [len(arm) for arm in split_addressed(campaign.pk)] == [0, 0]


def test_nobody_is_held_out_of_what_everybody_sees(shelf: Shelf) -> None:
    campaign = make_campaign("cheese", percent="25")
    campaign.holdout_percent = 10
    with pytest.raises(ValidationError, match="switchback by item clusters"):
        campaign.full_clean()
    assert [len(arm) for arm in split_addressed(campaign.pk)] == [0, 0]
