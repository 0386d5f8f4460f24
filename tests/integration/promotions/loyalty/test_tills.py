"""Points at a till: earn by number, pay by code, undo, come back; once per reference."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from promotions.loyalty.core.pos import PosLine, PosTerminal
from promotions.loyalty.selectors.points import list_moves
from promotions.loyalty.services.points import make_points_code
from promotions.loyalty.services.points_mail import release_due_points
from promotions.loyalty.services.pos_holds import cancel_at_pos, release_stale_holds
from promotions.loyalty.services.pos_sales import sell_at_pos
from promotions.models import (
    PointsAccount,
    PointsCode,
    PointsOrder,
    TermsCategory,
    TillAct,
    TillSale,
)
from tests.factories.loyalty import NOON, make_member, make_terms, order_points
from tests.factories.orders import Shelf
from tests.factories.tills import (
    balances,
    code_of,
    give_back,
    grant,
    hold,
    make_till,
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


def test_a_sale_earns_as_much_as_an_online_order(alice: PointsAccount, till: PosTerminal) -> None:
    online = order_points(make_member("bob@example.com"), "FT-1", 2_450, 999)
    answer = sell(till, alice, "0042", 2_450, 999)
    assert answer == {
        "points_earned": online,
        "points_used": 0,
        "points_minor": 0,
        "unknown_lines": [0, 1],
        "available": 0,
        "pending": 34,
    }
    order = PointsOrder.objects.get(order_ref__startswith="T")
    assert (order.state, order.counted_minor, order.due_at) == ("paid", 3_449, NOON + 30 * DAY)
    assert release_due_points(now=NOON + 30 * DAY) == 2
    assert balances(alice) == (0, 34, 0, 0)
    assert [(move.store, move.order_ref) for move in list_moves(account_id=alice.pk)] == [
        ("Main Street", "0042")
    ] * 2


def test_categories_and_tiers_count_and_unknown_goods_earn_the_least(
    alice: PointsAccount, till: PosTerminal, shelf: Shelf
) -> None:
    terms = make_terms()
    TermsCategory.objects.create(terms=terms, category_id=shelf.cheese, multiplier=2)
    TermsCategory.objects.create(terms=terms, category_id=shelf.bread, multiplier=Decimal("0.5"))
    products = [PosLine(1_000, 2, "CHEDDAR"), PosLine(1_000), PosLine(1_000, 1, "FUEL")]
    answer = sell(till, alice, "1", *products)
    assert (answer["points_earned"], answer["unknown_lines"]) == (20 + 5 + 5, [1, 2])
    order_points(alice, "FT-1", 20_000)
    assert sell(till, alice, "2", PosLine(1_000, 1, "CHEDDAR"))["points_earned"] == 30


def test_the_same_receipt_is_one_sale_and_must_not_differ(
    alice: PointsAccount, till: PosTerminal
) -> None:
    first = sell(till, alice, "0042", 1_000)
    grant(alice, 50)
    assert sell(till, alice, "0042", 1_000) == first
    assert sell(make_till(name="Till 2"), alice, "0042", 1_000) == first
    assert code_of(lambda: sell(till, alice, "0042", 1_001)) == "sale_differs"
    assert balances(alice) == (10, 50, 0, 0)
    other = make_till("side-street")
    assert sell(other, alice, "0042", 1_001)["points_earned"] == 10
    assert TillSale.objects.count() == 2


def test_points_pay_at_the_till_and_earn_nothing(alice: PointsAccount, till: PosTerminal) -> None:
    grant(alice, 300)
    code = show_code(alice)
    held = hold(till, "0042", code, 1_000)
    assert held == {
        "points_used": 300,
        "points_minor": 300,
        "left_minor": 700,
        "reason": "",
        "available": 0,
        "pending": 0,
    }
    assert balances(alice) == (0, 0, 300, 0)
    assert hold(till, "0042", code, 1_000) == held
    assert code_of(lambda: hold(till, "0042", code, 1_001)) == "sale_differs"
    assert code_of(lambda: sell_at_pos(till=till, receipt=receipt("0042", 999), now=NOON)) == (
        "amount_differs"
    )
    sold = sell_at_pos(till=till, receipt=receipt("0042", 600, 400), now=NOON)
    assert (sold["points_earned"], sold["points_used"], sold["points_minor"]) == (7, 300, 300)
    assert balances(alice) == (7, 0, 0, 0)
    assert [row["points_minor"] for row in TillSale.objects.get().lines] == [180, 120]
    assert hold(till, "0042", code, 1_000) == held
    assert code_of(lambda: hold(till, "0042", show_code(alice), 9)) == "sale_differs"


def test_never_more_than_the_amount_the_wish_and_the_terms(
    alice: PointsAccount, till: PosTerminal
) -> None:
    make_terms(max_share_percent=50)
    grant(alice, 5_000)
    assert hold(till, "1", show_code(alice), 901)["points_minor"] == 450
    some = hold(till, "2", show_code(alice), 901, wanted=100)
    assert (some["points_used"], some["left_minor"], some["reason"]) == (100, 801, "")
    more = hold(till, "3", show_code(alice), 1_000, wanted=9_999)
    assert (more["points_used"], more["reason"]) == (500, "no_points")


def test_a_refused_use_leaves_the_code_as_good_as_before(
    alice: PointsAccount, till: PosTerminal
) -> None:
    code = show_code(alice)
    assert code_of(lambda: hold(till, "1", code, 1_000)) == "nothing_to_use"
    assert code_of(lambda: hold(till, "1", code, 1_000, currency="EUR")) == "currency_differs"
    grant(alice, 10)
    assert hold(till, "1", code.lower().replace("-", " "), 1_000)["points_used"] == 10


def test_a_code_lasts_five_minutes_and_works_once(alice: PointsAccount, till: PosTerminal) -> None:
    grant(alice, 30)
    shown = make_points_code(shopper_id=alice.shopper_id or 0, now=NOON)
    assert shown.expires_at == NOON + timedelta(minutes=5)
    assert shown.code.replace("-", "") not in str(PointsCode.objects.values().get())
    late = {"now": NOON + timedelta(minutes=5)}
    assert code_of(lambda: hold(till, "1", shown.code, 10, **late)) == "code_expired"
    second = show_code(alice)
    assert code_of(lambda: hold(till, "1", shown.code, 10)) == "code_unknown"
    hold(till, "1", second, 10)
    assert code_of(lambda: hold(till, "2", second, 10)) == "code_used"
    assert code_of(lambda: make_points_code(shopper_id=10**9, now=NOON)) == "not_a_member"


def test_a_canceled_use_returns_everything_and_may_be_retried(
    alice: PointsAccount, till: PosTerminal
) -> None:
    grant(alice, 300)
    hold(till, "0042", show_code(alice), 1_000)
    undone = cancel_at_pos(till=till, reference="0042", now=NOON)
    assert undone == {"points_back": 300, "available": 300, "pending": 0}
    assert cancel_at_pos(till=till, reference="0042", now=NOON) == undone
    assert balances(alice) == (0, 300, 0, 0)
    assert hold(till, "0042", show_code(alice), 500)["points_used"] == 300
    cancel_at_pos(till=till, reference="0042", now=NOON)
    assert sell(till, alice, "0042", 900)["points_earned"] == 9
    assert code_of(lambda: cancel_at_pos(till=till, reference="0042", now=NOON)) == "sale_closed"
    assert code_of(lambda: cancel_at_pos(till=till, reference="no", now=NOON)) == "sale_unknown"
    assert balances(alice) == (9, 300, 0, 0)


def test_a_hold_the_till_abandoned_is_released_after_a_day(
    alice: PointsAccount, till: PosTerminal
) -> None:
    grant(alice, 300)
    hold(till, "0042", show_code(alice), 1_000)
    assert release_stale_holds(now=NOON + timedelta(hours=23)) == 0
    assert release_stale_holds(now=NOON + DAY) == 1
    assert balances(alice) == (0, 300, 0, 0)
    assert TillAct.objects.get(kind="cancel").token_id is None
    assert code_of(lambda: sell_at_pos(till=till, receipt=receipt("0042", 1_000), now=NOON)) == (
        "member_unknown"
    )


def test_units_that_come_back_take_and_give_their_exact_share(
    alice: PointsAccount, till: PosTerminal
) -> None:
    grant(alice, 100)
    hold(till, "0042", show_code(alice), 3_000)
    assert code_of(lambda: give_back(till, "0042", "r0")) == "sale_open"
    sell_at_pos(till=till, receipt=receipt("0042", PosLine(3_000, 3)), now=NOON)
    assert balances(alice) == (29, 0, 0, 0)
    first = give_back(till, "0042", "r1", (0, 1))
    assert first == {
        "points_taken_back": 10,
        "points_given_back": 34,
        "goods_minor": 1_000,
        "money_back_minor": 966,
        "available": 34,
        "pending": 19,
    }
    assert give_back(till, "0042", "r1", (0, 1)) == first
    assert code_of(lambda: give_back(till, "0042", "r1", (0, 2))) == "sale_differs"
    assert code_of(lambda: give_back(till, "0042", "r2", (0, 3))) == "bad_quantity"
    rest = give_back(till, "0042", "r2")
    assert (rest["points_taken_back"], rest["points_given_back"]) == (19, 66)
    assert first["money_back_minor"] + rest["money_back_minor"] == 2_900
    assert balances(alice) == (0, 100, 0, 0)
    assert code_of(lambda: give_back(till, "0042", "r3")) == "bad_quantity"
