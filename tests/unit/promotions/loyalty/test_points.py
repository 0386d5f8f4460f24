"""Points by the numbers: exact, monotone, and whole however they are split."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from promotions.coupons.core import share_of_units
from promotions.loyalty.core.points import EarnLine, Terms, earn_points, plan_points, worth_of
from promotions.loyalty.core.tiers import (
    Purchase,
    Tier,
    find_standing,
    judge_invitation,
    list_identity_keys,
)

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
DAY = timedelta(days=1)
YEAR, GRACE = 365 * DAY, 60 * DAY
SILVER, GOLD = Tier("silver", "Silver", "银卡", 5_000), Tier("gold", "Gold", "金卡", 10_000)
WINE = 3
goods = st.lists(st.integers(0, 50_000), min_size=1, max_size=6)
terms = st.builds(
    Terms,
    st.just(1),
    earn_rate=st.decimals("0.0001", "20", places=4),
    point_value=st.decimals("0.0001", "20", places=4),
    min_points=st.integers(1, 50),
    step_points=st.integers(1, 25),
    max_share_percent=st.integers(1, 100),
    category_multipliers=st.just({WINE: Decimal("2.5")}),
)


def test_a_deeper_category_counts_and_a_tier_multiplies() -> None:
    rules = Terms(
        1,
        category_multipliers={1: Decimal(3), 2: Decimal(2)},
        tier_multipliers={"gold": Decimal("1.5")},
    )
    lines = [EarnLine(1_000, (1, 2)), EarnLine(1_000, (1,)), EarnLine(1_000)]
    assert earn_points(rules, lines) == [20, 30, 10]
    assert earn_points(rules, lines, "gold") == [30, 45, 15]
    assert sum(earn_points(rules, lines, bonus=7)) == 67


def test_cents_are_not_lost_line_by_line() -> None:
    assert sum(earn_points(Terms(1), [EarnLine(50)] * 4)) == 2


@given(terms, st.lists(st.tuples(st.integers(0, 50_000), st.booleans()), min_size=1, max_size=6))
def test_splitting_a_line_earns_the_same_and_more_never_less(
    rules: Terms, drawn: list[tuple[int, bool]]
) -> None:
    lines = [EarnLine(minor, (WINE,) if wine else ()) for minor, wine in drawn]
    whole = sum(earn_points(rules, lines))
    halves = [
        EarnLine(part, line.category_ids)
        for line in lines
        for part in (line.paid_minor // 3, line.paid_minor - line.paid_minor // 3)
    ]
    assert sum(earn_points(rules, halves)) == whole
    assert sum(earn_points(rules, lines[::-1])) == whole
    assert sum(earn_points(rules, [*lines, EarnLine(1)])) >= whole


@given(terms, st.integers(0, 100_000), st.integers(0, 100_000), goods)
def test_a_plan_pays_exactly_what_its_points_are_worth(
    rules: Terms, wanted: int, available: int, prices: list[int]
) -> None:
    plan = plan_points(rules, wanted=wanted, available=available, goods=prices)
    assert sum(plan.amounts) == plan.amount_minor
    assert sum(plan.points_by_line) == plan.points <= min(wanted, available)
    assert all(0 <= paid <= price for paid, price in zip(plan.amounts, prices, strict=True))
    assert plan.amount_minor <= sum(prices) * rules.max_share_percent // 100
    assert plan.amount_minor <= worth_of(rules, plan.points)
    assert plan.points == 0 or plan.points >= rules.min_points
    if rules.step_points == 1 and plan.points:
        # one point fewer would pay less: none is taken for nothing
        assert worth_of(rules, plan.points - 1) < plan.amount_minor
    if plan.points < wanted:
        assert plan.reason


@pytest.mark.parametrize(
    ("wanted", "available", "price", "rules", "reason"),
    [
        (500, 100, 9_000, Terms(1), "no_points"),
        (900, 900, 400, Terms(1), "goods_covered"),
        (900, 900, 400, Terms(1, max_share_percent=50), "share_reached"),
        (150, 900, 9_000, Terms(1, min_points=100, step_points=100), "not_in_steps"),
        (50, 900, 9_000, Terms(1, min_points=100), "below_minimum"),
        (150, 50, 9_000, Terms(1, min_points=100), "no_points"),
        (0, 900, 9_000, Terms(1), ""),
    ],
)
def test_a_smaller_use_says_why(
    wanted: int, available: int, price: int, rules: Terms, reason: str
) -> None:
    assert plan_points(rules, wanted=wanted, available=available, goods=[price]).reason == reason


@given(st.integers(0, 10_000), st.integers(1, 9), st.data())
def test_shares_of_units_sum_to_the_line(total: int, quantity: int, data: st.DataObject) -> None:
    cuts = [*sorted(data.draw(st.sets(st.integers(1, quantity)))), quantity]
    steps = [(a, b - a) for a, b in pairwise([0, *cuts]) if b > a]
    parts = [share_of_units(total, quantity, before=a, more=n) for a, n in steps]
    assert sum(parts) == total
    assert min(parts) >= 0


def standing(*bought: tuple[int, int]) -> tuple[str | None, int | None]:
    """Tier and days it is still kept for purchases of (days ago, minor units)."""
    found = find_standing(
        [Purchase(NOW - days * DAY, minor) for days, minor in bought],
        [GOLD, SILVER],
        now=NOW,
        window=YEAR,
        grace=GRACE,
    )
    kept = None if found.kept_until is None else (found.kept_until - NOW).days
    return found.tier.code if found.tier else None, kept


def test_a_tier_follows_a_years_spend_exactly() -> None:
    assert standing((1, 9_999)) == ("silver", None)
    assert standing((1, 10_000)) == ("gold", None)
    assert standing((364, 10_000)) == ("gold", None)
    assert standing((365, 10_000)) == ("gold", 60)
    assert standing((365 + 59, 10_000)) == ("gold", 1)
    assert standing((365 + 60, 10_000)) == (None, None)
    assert standing((400, 5_000), (3, 5_000)) == ("silver", None)
    assert standing((380, 5_000), (200, 5_000)) == ("gold", 45)


def test_the_loss_ahead_and_the_way_up_are_told() -> None:
    found = find_standing(
        [Purchase(NOW - 100 * DAY, 6_000), Purchase(NOW - 10 * DAY, 3_000)],
        [SILVER, GOLD],
        now=NOW,
        window=YEAR,
        grace=GRACE,
    )
    assert (found.tier, found.next_tier, found.missing_minor) == (SILVER, GOLD, 1_000)
    assert found.lost_at == NOW + 265 * DAY + GRACE
    assert found.progress == 0.9


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(1, 9_000)), max_size=6))
@example([(424, 9_000)])
def test_grace_equals_the_best_tier_of_each_second_looked_back(
    bought: list[tuple[int, int]],
) -> None:
    """Oracle: the best plain tier over every day of the grace, its first second included."""
    purchases = [Purchase(NOW - days * DAY, minor) for days, minor in bought]
    half = timedelta(hours=12)  # between two days, so that no comparison is at an edge

    def plain(at: datetime) -> int:
        spend = sum(each.minor for each in purchases if at - YEAR < each.at <= at)
        return sum(spend >= tier.threshold_minor for tier in (SILVER, GOLD))

    now = NOW + half
    first = now - GRACE + timedelta(seconds=1)  # what was reached exactly then is over by now
    best = max(map(plain, (first, *(now - n * DAY for n in range(60)))))
    found = find_standing(purchases, [SILVER, GOLD], now=now, window=YEAR, grace=GRACE)
    assert [None, SILVER, GOLD][best] == found.tier
    assert (
        find_standing(purchases[::-1], [GOLD, SILVER], now=now, window=YEAR, grace=GRACE) == found
    )


def test_who_is_whom_and_what_is_a_loop() -> None:
    one = list_identity_keys(email="Bob+x@example.com", phone="212 555 0134", line1="", postcode="")
    two = list_identity_keys(email="bob@EXAMPLE.com", phone="+1-212-555-0134")
    assert one == two
    assert list_identity_keys(email="b.ob@example.com") != list_identity_keys(
        email="bob@example.com"
    )
    assert list_identity_keys(email="nothing", phone="12") == ()
    chain = {2: 1, 3: 2}
    judged = {
        invited: judge_invitation(
            referrer_id=3, invited_id=invited, inviters=chain, has_ordered=False
        )
        for invited in (1, 2, 3, 4)
    }
    assert judged == {1: "loop", 2: "loop", 3: "own_code", 4: ""}
