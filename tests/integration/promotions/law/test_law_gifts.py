"""Several campaigns' gifts for chosen shoppers are judged together at the release."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from promotions.campaigns.core.workflow import Step
from promotions.campaigns.selectors.book import forget_offer_book
from promotions.law.selectors import evidence as law_evidence
from promotions.law.selectors.violations import judge_campaign
from promotions.models import Campaign, StackingGroup
from promotions.release.services.preconditions import LawBroken
from shop.ground.catalog.models import Market
from shop.ground.catalog.selectors import forget_catalog
from tests.factories.campaigns import NOON, make_draft, make_person, step
from tests.factories.orders import Shelf

pytestmark = pytest.mark.django_db


@pytest.fixture
def germany(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """The home market under German law: personal discounts up to 30 %."""
    Market.objects.filter(pk="us").update(jurisdiction_code="DE", country="DE")
    forget_catalog()
    monkeypatch.setattr(law_evidence, "floor_minor", lambda **_asked: {})
    return shelf


def give(code: str, variant: int, least: int, **offer: Any) -> Campaign:
    """Draft a gift for chosen shoppers with a cart of so much."""
    campaign = make_draft(
        code,
        offer={"condition": {"cart_value": least}, **offer},
        market_code="us",
        audience="personal",
        budget_minor=1_000,
        kind="gift",
    )
    campaign.offers.update(
        benefit_kind="gift", target="cart", percent=None, terms={"variants": [variant]}
    )
    return campaign


def rules(campaign: Campaign) -> list[str]:
    return [one.rule for one in judge_campaign(campaign_id=campaign.pk, now=NOON)]


def test_a_second_gift_in_one_cart_is_refused(germany: Shelf) -> None:
    ann = make_person("ann")
    # 4.00 of 20.00 and 9.00 of 34.00 alone; 13.00 of 38.00 together.
    cheddar, merlot = give("cheddar", germany.cheddar, 1_600), give("merlot", germany.merlot, 2_500)
    assert (rules(cheddar), rules(merlot)) == ([], [])
    step(cheddar, Step.SCHEDULE, ann)
    assert rules(merlot) == ["gifts_above_cap"]
    with pytest.raises(LawBroken, match="Gifts that come together keep to the cap") as refusal:
        step(merlot, Step.SCHEDULE, ann)
    assert "cheddar-offer, merlot-offer" in str(refusal.value)
    assert "come to 34.2 % together, above the cap of 30 %" in str(refusal.value)
    with override("zh-hans"), pytest.raises(LawBroken, match=r"合计达 34\.2%"):
        step(merlot, Step.SCHEDULE, ann)
    merlot.refresh_from_db()
    assert merlot.status == "draft"


def test_what_staff_can_do_about_it(germany: Shelf) -> None:
    ann = make_person("ann")
    cheddar, merlot = give("cheddar", germany.cheddar, 1_600), give("merlot", germany.merlot, 2_500)
    step(cheddar, Step.SCHEDULE, ann)
    assert rules(merlot) == ["gifts_above_cap"]
    best = StackingGroup.objects.create(code="gifts", name="Gifts", mode="best")
    for campaign in (cheddar, merlot):
        campaign.offers.update(group=best)
    forget_offer_book()
    assert rules(merlot) == []
    for campaign in (cheddar, merlot):
        campaign.offers.update(group=None)
    merlot.offers.update(condition={"cart_value": 3_100})
    assert rules(merlot) == []
    merlot.offers.update(condition={"cart_value": 2_500})
    Campaign.objects.filter(pk=merlot.pk).update(
        starts_at=NOON + timedelta(days=10), ends_at=NOON + timedelta(days=20)
    )
    assert rules(merlot) == []


def test_two_gifts_of_one_campaign_come_together_too(germany: Shelf) -> None:
    campaign = give("both", germany.cheddar, 2_500)
    other = give("other", germany.merlot, 2_500)
    assert rules(campaign) == []
    other.offers.update(campaign=campaign)
    assert rules(campaign) == ["gifts_above_cap"]


def test_gifts_for_everybody_and_ended_campaigns_do_not_count(germany: Shelf) -> None:
    ann = make_person("ann")
    cheddar, merlot = give("cheddar", germany.cheddar, 1_600), give("merlot", germany.merlot, 2_500)
    step(cheddar, Step.SCHEDULE, ann)
    Campaign.objects.filter(pk=merlot.pk).update(audience="members")
    assert rules(merlot) == []
    Campaign.objects.filter(pk=merlot.pk).update(audience="personal")
    step(cheddar, Step.PAUSE, ann)
    assert rules(merlot) == []


def test_gifts_together_cost_the_same_statements_whatever_their_number(germany: Shelf) -> None:
    ann = make_person("ann")
    mine = give("mine", germany.cheddar, 2_500)
    step(give("one", germany.rye, 90_000), Step.SCHEDULE, ann)
    few = count_statements(mine)
    for at in range(4):
        step(give(f"more-{at}", germany.rye, 90_000), Step.SCHEDULE, ann)
    assert count_statements(mine) == few


def count_statements(campaign: Campaign) -> int:
    """Return what the law costs once the books are in memory; in one try a memory may run out."""
    counts = []
    for _ in range(4):
        with CaptureQueriesContext(connection) as found:
            rules(campaign)
        counts.append(len(found))
    return min(counts)
