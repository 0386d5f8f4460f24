"""Invitations: rewarded once, for somebody else, and taken back with the order."""

from __future__ import annotations

from datetime import timedelta

import pytest

from promotions.loyalty.selectors.terms import count_referrals
from promotions.loyalty.services.points import PointsRefused
from promotions.loyalty.services.points_mail import release_due_points, settle_referrals
from promotions.loyalty.services.points_orders import ReturnedUnits, return_points
from promotions.loyalty.services.referrals import accept_invitation, hash_identity
from promotions.models import Campaign, PointsAccount, PointsEntry, Referral
from promotions.privacy import erase_shopper
from tests.factories.loyalty import (
    NOON,
    list_unbalanced_accounts,
    make_member,
    make_terms,
    order_points,
)
from tests.factories.promotions import make_campaign

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
DUE = NOON + 31 * DAY


@pytest.fixture
def alice() -> PointsAccount:
    make_terms()
    return make_member()


def invite(referrer: PointsAccount, name: str, *, has_ordered: bool = False) -> PointsAccount:
    friend = make_member(f"{name}@example.com")
    accept_invitation(
        account_id=friend.pk, code=referrer.invite_code or "", has_ordered=has_ordered, now=NOON
    )
    return friend


def available(member: PointsAccount) -> int:
    assert list_unbalanced_accounts() == []
    member.refresh_from_db()
    return member.available


def test_a_friends_first_released_order_is_rewarded_once(alice: PointsAccount) -> None:
    bob = invite(alice, "bob")
    order_points(bob, "FT-1", 2_000)
    order_points(bob, "FT-2", 2_000)
    assert settle_referrals(now=NOON) == 0
    release_due_points(now=DUE)
    assert [settle_referrals(now=DUE) for _ in range(2)] == [1, 0]
    assert available(alice) == 500
    assert count_referrals(account_id=alice.pk).points == 500


def test_a_returned_order_takes_back_even_a_spent_reward(alice: PointsAccount) -> None:
    bob = invite(alice, "bob")
    order_points(bob, "FT-1", 2_000)
    release_due_points(now=DUE)
    settle_referrals(now=DUE)
    order_points(alice, "FT-9", 900, spent=[450], now=DUE)
    return_points(order_ref="FT-1", units=[ReturnedUnits(0, 0, 1)], now=DUE)
    assert [settle_referrals(now=DUE) for _ in range(2)] == [1, 0]
    assert available(alice) == 0
    assert alice.owed == 450
    assert Referral.objects.get().state == "reversed"


def test_a_friend_who_is_erased_takes_nothing_back(alice: PointsAccount) -> None:
    bob = invite(alice, "bob")
    order_points(bob, "FT-1", 2_000)
    release_due_points(now=DUE)
    settle_referrals(now=DUE)
    for _ in range(2):
        erase_shopper(bob.shopper_id or 0, DUE)
    assert settle_referrals(now=DUE) == 0
    assert available(alice) == 500
    bob.refresh_from_db()
    assert (bob.shopper_id, bob.pending, bob.available, bob.invite_code) == (None, 0, 0, None)


@pytest.mark.parametrize(
    ("mine", "theirs", "reason"),
    [
        ({"email": "alice+1@example.com"}, {"email": "Alice@example.com"}, "same_household"),
        ({"phone": "212 555 0134"}, {"phone": "+1 212-555-0134"}, "same_household"),
        (
            {"line1": "12 High St", "postcode": "10001"},
            {"line1": "12 HIGH ST.", "postcode": "10001 "},
            "same_household",
        ),
        ({"email": "alice@example.com"}, {"email": "bob@example.com"}, ""),
    ],
)
def test_one_household_does_not_reward_itself(
    alice: PointsAccount, mine: dict[str, str], theirs: dict[str, str], reason: str
) -> None:
    empty = {"email": "", "phone": "", "line1": "", "postcode": ""}
    bob = invite(alice, "bob")
    order_points(alice, "FT-1", 2_000, identity=hash_identity(**(empty | mine)))
    order_points(bob, "FT-2", 2_000, identity=hash_identity(**(empty | theirs)))
    release_due_points(now=DUE)
    settle_referrals(now=DUE)
    assert Referral.objects.get().reason == reason
    assert available(alice) == 20 + (0 if reason else 500)


def test_a_cap_ends_rewards_of_the_period(alice: PointsAccount) -> None:
    make_terms(referral_cap=2)
    for n in range(3):
        order_points(invite(alice, f"friend{n}"), f"FT-{n}", 2_000)
    release_due_points(now=DUE)
    settle_referrals(now=DUE)
    assert available(alice) == 1_000
    states = sorted(Referral.objects.values_list("state", "reason"))
    assert states == [("refused", "cap_reached"), ("rewarded", ""), ("rewarded", "")]


def test_who_does_not_count_is_told_why(alice: PointsAccount) -> None:
    bob = invite(alice, "bob")
    cases = (
        (alice, bob.invite_code, False, "loop"),
        (alice, alice.invite_code, False, "own_code"),
        (make_member("eve@example.com"), alice.invite_code, True, "not_new"),
        (make_member("joe@example.com"), "NOBODYS", False, "unknown_invitation"),
    )
    for member, code, has_ordered, reason in cases:
        with pytest.raises(PointsRefused) as refusal:
            accept_invitation(
                account_id=member.pk, code=code or "", has_ordered=has_ordered, now=NOON
            )
        assert refusal.value.code == reason
    again = accept_invitation(
        account_id=bob.pk, code=alice.invite_code or "", has_ordered=False, now=NOON
    )
    assert again.referrer_id == alice.pk
    assert not PointsEntry.objects.exists()


def test_an_invited_friend_gets_the_welcome_offer_and_nobody_else(alice: PointsAccount) -> None:
    campaign = make_campaign("friends", amount_minor=500, audience="personal")
    Campaign.objects.filter(pk=campaign.pk).update(kind="referral")
    bob = invite(alice, "bob")
    assert list(campaign.targets.values_list("shopper_id", flat=True)) == [bob.shopper_id]
