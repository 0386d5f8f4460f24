"""Points at a till: who may do what, how often, and what is left of who leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from promotions.coupons.services.codes import TooManyWrongCodes
from promotions.loyalty.core.pos import PosTerminal
from promotions.loyalty.selectors.points import export_points
from promotions.loyalty.selectors.terms import find_pos_terminal
from promotions.loyalty.services.points_mail import release_due_points, settle_referrals
from promotions.loyalty.services.pos_holds import cancel_at_pos
from promotions.loyalty.services.pos_sales import sell_at_pos
from promotions.models import (
    PointsAccount,
    PointsCode,
    PointsEntry,
    PointsOrder,
    Referral,
    TillAct,
    TillToken,
)
from promotions.privacy import erase_shopper
from promotions.tokens.services import revoke_token
from shop.ground.jobs.limits import local_buckets
from tests.factories.loyalty import NOON, make_member, make_terms, order_points
from tests.factories.tills import (
    balances,
    code_of,
    give_back,
    grant,
    hold,
    make_pos_key,
    make_till,
    number_of,
    receipt,
    sell,
    show_code,
)

DAY = timedelta(days=1)


@pytest.fixture
def alice(db: None) -> PointsAccount:
    make_terms()
    return make_member()


@pytest.fixture
def till(alice: PointsAccount) -> PosTerminal:
    return make_till()


def test_a_number_earns_and_cannot_pay(alice: PointsAccount, till: PosTerminal) -> None:
    grant(alice, 300)
    number = number_of(alice)
    assert code_of(lambda: hold(till, "1", number, 100)) == "code_unknown"
    code = show_code(alice)
    said = receipt("1", 100, member_number=code)
    assert code_of(lambda: sell_at_pos(till=till, receipt=said, now=NOON)) == "member_unknown"
    bob = make_member("bob@example.com")
    hold(till, "1", code, 100)
    assert code_of(lambda: sell(till, bob, "1", 100)) == "member_differs"
    assert sell(till, alice, "1", 100)["points_used"] == 100


def test_wrong_codes_and_numbers_close_one_till_for_a_while(
    alice: PointsAccount, till: PosTerminal
) -> None:
    local_buckets.clear()
    for n in range(20):
        wrong = receipt("1", 100, member_number=f"{n:012}")
        assert code_of(lambda said=wrong: sell_at_pos(till=till, receipt=said, now=NOON)) == (
            "member_unknown"
        )
    with pytest.raises(TooManyWrongCodes):
        sell(till, alice, "1", 100)
    with pytest.raises(TooManyWrongCodes):
        hold(till, "1", show_code(alice), 100)
    assert sell(make_till(name="Till 2"), alice, "1", 100)["points_earned"] == 1


def test_a_time_that_cannot_be_right_is_refused(alice: PointsAccount, till: PosTerminal) -> None:
    for at in (NOON + timedelta(minutes=6), NOON - 8 * DAY):
        assert code_of(lambda at=at: sell(till, alice, "1", 100, sold_at=at)) == "time_refused"
    assert sell(till, alice, "1", 100, sold_at=NOON - 6 * DAY)["points_earned"] == 1
    assert PointsOrder.objects.get().at == NOON - 6 * DAY


def test_a_revoked_token_is_no_token(alice: PointsAccount) -> None:
    key = make_pos_key()
    till = find_pos_terminal(key)
    assert till is not None
    assert key not in str(TillToken.objects.values().get())
    assert revoke_token(TillToken, token_id=till.token_id, by_id=None, now=NOON)
    assert not revoke_token(TillToken, token_id=till.token_id, by_id=None, now=NOON)
    assert find_pos_terminal(key) is None
    assert find_pos_terminal("till_nobody") is None


def test_a_till_of_another_market_knows_no_member_here(
    alice: PointsAccount, till: PosTerminal
) -> None:
    abroad = PosTerminal(till.token_id, till.store_id, "elsewhere", "USD")
    grant(alice, 10)
    assert code_of(lambda: sell(abroad, alice, "1", 100)) == "member_unknown"
    assert code_of(lambda: hold(abroad, "1", show_code(alice), 100)) == "code_unknown"


def test_who_is_erased_leaves_sales_of_nobody(alice: PointsAccount, till: PosTerminal) -> None:
    grant(alice, 300)
    sell(till, alice, "0001", 1_000)
    hold(till, "0002", show_code(alice), 1_000)
    show_code(alice)
    shopper_id, number = alice.shopper_id or 0, number_of(alice)
    told = export_points(shopper_id)
    assert told is not None
    assert told["member_number"] == number
    assert [(each["store"], each["reference"]) for each in told["store_sales"]] == [
        ("Main Street", "0002"),
        ("Main Street", "0001"),
    ]
    erase_shopper(shopper_id, NOON)
    assert balances(alice) == (0, 0, 0, 0)
    assert (alice.member_number, PointsCode.objects.count()) == (None, 0)
    said = receipt("0003", 100, member_number=number)
    assert code_of(lambda: sell_at_pos(till=till, receipt=said, now=NOON)) == "member_unknown"
    assert code_of(lambda: sell_at_pos(till=till, receipt=receipt("0002", 1_000), now=NOON)) == (
        "hold_gone"
    )
    back = give_back(till, "0001", "r1")
    assert (back["points_taken_back"], back["money_back_minor"]) == (0, 1_000)
    assert cancel_at_pos(till=till, reference="0002", now=NOON)["points_back"] == 0


def test_a_friends_sale_at_a_till_rewards_nobody(alice: PointsAccount, till: PosTerminal) -> None:
    bob = make_member("bob@example.com")
    Referral.objects.create(referrer=alice, invited=bob, at=NOON)
    sell(till, bob, "1", 5_000)
    release_due_points(now=NOON + 31 * DAY)
    assert settle_referrals(now=NOON + 31 * DAY) == 0
    order_points(bob, "FT-1", 5_000)
    release_due_points(now=NOON + 31 * DAY)
    assert settle_referrals(now=NOON + 31 * DAY) == 1


def test_what_tills_did_is_never_rewritten(alice: PointsAccount, till: PosTerminal) -> None:
    sell(till, alice, "1", 100)
    for act in (
        lambda: TillAct.objects.update(answer={}),
        lambda: TillAct.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            act()
    assert PointsEntry.objects.get(kind="earn").order_ref.startswith("T")
