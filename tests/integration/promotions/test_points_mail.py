"""Letters to members: before points expire, once when a tier ends, offers only with consent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core import mail

from profiles.models import ConsentRecord, Shopper
from profiles.services import note_place
from promotions.models import (
    Bucket,
    CampaignShopper,
    PartnerShare,
    PointsAccount,
    PointsEntry,
    ProgrammeTerms,
)
from promotions.selectors import personal_law
from promotions.selectors.terms import forget_programme
from promotions.services.demo_loyalty import open_demo_membership, seed_demo_loyalty
from promotions.services.points import Act, make_available
from promotions.services.points_jobs import expire_points
from promotions.services.points_mail import warn_expiring_points, warn_leaving_tiers
from promotions.services.unsubscribing import stop_letters
from promotions.services.winback import address_lapsed_members
from shop.catalog.selectors import get_market
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


def test_a_win_back_reaches_who_was_away_and_agreed_once(alice: PointsAccount) -> None:
    campaign = make_campaign("come-back", percent="15", audience="personal")
    campaign.kind = "win_back"
    campaign.starts_at, campaign.ends_at = NOON + 100 * DAY, NOON + 130 * DAY
    campaign.save()
    order_points(alice, "FT-1", 2_000)
    order_points(make_member("bob@example.com"), "FT-2", 2_000)
    order_points(make_member("eve@example.com"), "FT-3", 2_000, now=NOON + 50 * DAY)
    Shopper.objects.exclude(account__email="bob@example.com").update(consent_marketing=True)
    assert address_lapsed_members(now=NOON + 80 * DAY) == 0
    assert [address_lapsed_members(now=NOON + 110 * DAY) for _ in range(2)] == [1, 0]
    assert [letter.to for letter in mail.outbox] == [["alice@example.com"]]
    assert (
        "Personal price, set automatically from your activity in this store\n"
        "Why: you have not bought for 90 days.\n"
    ) in mail.outbox[0].body
    assert "/how-our-prices-work/" in mail.outbox[0].body
    headers = mail.outbox[0].extra_headers
    stop = headers["List-Unsubscribe"].strip("<>")
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"Stop these letters: {stop}" in mail.outbox[0].body
    stop_letters(stop.rstrip("/").rsplit("/", 1)[-1], locale="en", now=NOON)
    assert not Shopper.objects.get(account__email="alice@example.com").consent_marketing
    assert CampaignShopper.objects.get().shopper_id == alice.shopper_id


@pytest.mark.parametrize(
    ("place", "locale", "label"),
    [
        ("US-NY", "en", "THIS PRICE WAS SET BY AN ALGORITHM USING YOUR PERSONAL DATA."),
        ("CN", "zh-hans", "个性化价格\n原因：您已 90 天未购物。"),
        ("unknown", "en", ""),
    ],
)
def test_a_win_back_bears_the_label_of_its_market_or_is_not_sent(
    alice: PointsAccount, monkeypatch: pytest.MonkeyPatch, place: str, locale: str, label: str
) -> None:
    market = replace(get_market("us"), jurisdiction_code=place)
    monkeypatch.setattr(personal_law, "get_market", lambda _code: market)
    campaign = make_campaign("come-back", percent="15", audience="personal")
    campaign.kind = "win_back"
    campaign.starts_at, campaign.ends_at = NOON + 100 * DAY, NOON + 130 * DAY
    campaign.save()
    order_points(alice, "FT-1", 2_000)
    Shopper.objects.update(consent_marketing=True)
    ConsentRecord.objects.create(
        shopper_id=alice.shopper_id or 0,
        purpose="marketing",
        is_granted=True,
        how="account",
        locale=locale,
        text_version="1",
        recorded_at=NOON,
    )
    assert address_lapsed_members(now=NOON + 110 * DAY) == bool(label)
    assert [label in letter.body for letter in mail.outbox] == [True] * bool(label)
    assert CampaignShopper.objects.count() == bool(label)


def test_a_win_back_bears_the_label_of_where_the_member_ordered_last(
    alice: PointsAccount,
) -> None:
    campaign = make_campaign("come-back", percent="15", audience="personal")
    campaign.kind = "win_back"
    campaign.starts_at, campaign.ends_at = NOON + 100 * DAY, NOON + 130 * DAY
    campaign.save()
    order_points(alice, "FT-1", 2_000)
    Shopper.objects.update(consent_marketing=True)
    note_place(shopper_id=alice.shopper_id or 0, place_code="US-NY")
    assert address_lapsed_members(now=NOON + 110 * DAY) == 1
    assert "THIS PRICE WAS SET BY AN ALGORITHM" in mail.outbox[0].body


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
