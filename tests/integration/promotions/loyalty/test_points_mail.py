"""Letters to members before points expire and when a tier ends; win-back campaigns."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core import mail

from pricing.ledger.core.record import STATUTORY
from profiles.models import Shopper
from profiles.shoppers.services import note_place
from promotions.demo.services.loyalty import open_demo_membership, seed_demo_loyalty
from promotions.law.selectors import violations as rows
from promotions.loyalty.selectors.terms import forget_programme
from promotions.loyalty.services.points import Act, make_available
from promotions.loyalty.services.points_mail import (
    expire_points,
    warn_expiring_points,
    warn_leaving_tiers,
)
from promotions.models import (
    Bucket,
    Campaign,
    CampaignShopper,
    PartnerShare,
    PointsAccount,
    PointsEntry,
    ProgrammeTerms,
)
from promotions.targeting.services.digests import address_lapsed_members, send_digests
from shop.ground.catalog.selectors import get_market
from tests.factories.loyalty import NOON, make_member, make_terms, order_points
from tests.factories.promotions import make_campaign

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def alice() -> PointsAccount:
    make_terms()
    return make_member()


def test_points_expire_thirty_days_after_the_letter_and_not_before(alice: PointsAccount) -> None:
    make_available(
        account_id=alice.pk,
        act=Act(PointsEntry.Kind.ADJUST, "gift", NOON),
        source=Bucket.ADJUSTED,
        points=120,
        expires_at=NOON + 100 * DAY,
    )
    assert warn_expiring_points(now=NOON + 69 * DAY) == 0
    assert [warn_expiring_points(now=NOON + 80 * DAY) for _ in range(2)] == [1, 0]
    (letter,) = mail.outbox
    assert letter.to == ["alice@example.com"]
    assert letter.subject == f"120 of your points expire on {(NOON + 110 * DAY).date()}"
    assert "/account/points/" in letter.body
    assert expire_points(now=NOON + 109 * DAY) == 0
    assert expire_points(now=NOON + 110 * DAY) == 120


def test_a_tier_that_ends_is_announced_once(alice: PointsAccount) -> None:
    order_points(alice, "FT-1", 12_000)
    assert warn_leaving_tiers(now=NOON + 300 * DAY) == 0
    assert [warn_leaving_tiers(now=NOON + 370 * DAY) for _ in range(2)] == [1, 0]
    (letter,) = mail.outbox
    assert letter.subject == f"You keep Gold until {(NOON + 425 * DAY).date()}"
    assert "100.00 more" in letter.body


@pytest.fixture
def come_back() -> Campaign:
    """15 % off for members who have not bought for a while, live for a month."""
    campaign = make_campaign("come-back", percent="15", audience="personal")
    campaign.kind = "win_back"
    campaign.starts_at, campaign.ends_at = NOON + 100 * DAY, NOON + 130 * DAY
    campaign.save()
    return campaign


@pytest.mark.usefixtures("come_back")
def test_a_win_back_reaches_who_was_away_and_agreed_once(alice: PointsAccount) -> None:
    order_points(alice, "FT-1", 2_000)
    order_points(make_member("bob@example.com"), "FT-2", 2_000)
    order_points(make_member("eve@example.com"), "FT-3", 2_000, now=NOON + 50 * DAY)
    order_points(make_member("zoe@example.com"), "FT-4", 2_000)
    agreed = Shopper.objects.exclude(account__email="bob@example.com")
    agreed.update(consent_marketing=True, consent_price=True)
    Shopper.objects.filter(account__email="zoe@example.com").update(consent_price=False)
    assert address_lapsed_members(now=NOON + 80 * DAY) == 0
    assert [address_lapsed_members(now=NOON + 110 * DAY) for _ in range(2)] == [1, 0]
    assert CampaignShopper.objects.get().shopper_id == alice.shopper_id
    assert [send_digests(now=NOON + 110 * DAY) for _ in range(2)] == [1, 0]
    (letter,) = mail.outbox
    assert letter.to == ["alice@example.com"]
    assert STATUTORY in letter.body  # nobody said in which state she lives
    assert "Why you: You have not bought for 90 days" in letter.body


@pytest.mark.usefixtures("come_back")
@pytest.mark.parametrize(
    ("place", "label"),
    [("US-NY", "THIS PRICE WAS SET BY AN ALGORITHM USING YOUR PERSONAL DATA."), ("unknown", "")],
)
def test_a_win_back_bears_its_markets_label_or_is_absent(
    alice: PointsAccount, monkeypatch: pytest.MonkeyPatch, place: str, label: str
) -> None:
    market = replace(get_market("us"), jurisdiction_code=place)
    monkeypatch.setattr(rows, "get_market", lambda _code: market)
    order_points(alice, "FT-1", 2_000)
    Shopper.objects.update(consent_marketing=True, consent_price=True)
    assert address_lapsed_members(now=NOON + 110 * DAY) == bool(label)
    assert send_digests(now=NOON + 110 * DAY) == bool(label)
    assert [label in letter.body for letter in mail.outbox] == [True] * bool(label)


@pytest.mark.usefixtures("come_back")
def test_a_win_back_follows_the_law_of_the_last_order(alice: PointsAccount) -> None:
    order_points(alice, "FT-1", 2_000)
    Shopper.objects.update(consent_marketing=True, consent_price=True)
    note_place(shopper_id=alice.shopper_id or 0, place_code="US-NY")
    assert address_lapsed_members(now=NOON + 110 * DAY) == 1
    assert send_digests(now=NOON + 110 * DAY) == 1
    assert "THIS PRICE WAS SET BY AN ALGORITHM" in mail.outbox[0].body


@pytest.mark.usefixtures("come_back")
def test_a_member_whom_the_law_refuses_delays_nobody(alice: PointsAccount) -> None:
    order_points(alice, "FT-1", 2_000)
    bob = make_member("bob@example.com")
    order_points(bob, "FT-2", 2_000, now=NOON + DAY)
    Shopper.objects.update(consent_marketing=True, consent_price=True)
    note_place(shopper_id=alice.shopper_id or 0, place_code="unknown")
    assert address_lapsed_members(now=NOON + 110 * DAY, limit=1) == 1
    assert CampaignShopper.objects.get().shopper_id == bob.shopper_id


def test_the_demo_has_a_programme_a_partner_and_members_once(fresh_memory: None) -> None:
    ProgrammeTerms.objects.all().delete()
    forget_programme()
    assert [seed_demo_loyalty(market_code="us", now=NOON) for _ in range(2)] == [3, 0]
    member = make_member("olivia@example.com")
    for _ in range(2):
        open_demo_membership(
            shopper_id=member.shopper_id or 0, market_code="us", purchases={}, now=NOON
        )
    member.refresh_from_db()
    assert member.available == 1_200
    assert PartnerShare.objects.get().campaign.code == "dairy-weeks"
