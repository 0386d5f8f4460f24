"""Every condition on place, time, shopper and past orders: when it holds, and its true reason."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given as forall
from hypothesis import strategies as st

from promotions.engine.core.carts import CartValue, OrderHistory, ShopperFacts, asks_history
from promotions.engine.core.conditions.leaves import Circumstances, judge
from promotions.engine.core.conditions.tree import (
    All,
    Any,
    Condition,
    ExactlyOne,
    Not,
    needed_facts,
)
from promotions.engine.core.evaluate import evaluate_offers
from promotions.engine.core.parsing.conditions import parse_condition
from promotions.engine.core.parsing.terms import BadOffer
from promotions.engine.core.values import Rejection
from tests.factories.promotions import ALICE, NOON, amount_off, make_cart, make_coupon, make_offer

PRIVATE = dataclasses.replace(ALICE, is_private=True)
# 23:30 on a Wednesday in New York is already Thursday in UTC
WEDNESDAY_NIGHT = datetime(2026, 11, 26, 4, 30, tzinfo=UTC)


def _ordered(days_ago: int | None, *, count: int = 0, spent: int = 0) -> ShopperFacts:
    last = None if days_ago is None else NOON - timedelta(days=days_ago)
    history = OrderHistory(last, counts={90: count}, spent_minor={365: spent})
    return dataclasses.replace(ALICE, history=history)


def _new(is_first: bool | None) -> ShopperFacts:
    return dataclasses.replace(ALICE, is_first_order=is_first)


# condition, whom it holds for, whom it does not hold for, the reason then, the English sentence
BY_SHOPPER = [
    (
        {"shopper": "new"},
        _new(True),
        _new(False),
        "new_only",
        "This offer is for new shoppers only.",
    ),
    (
        {"shopper": "returning"},
        _new(False),
        _new(True),
        "returning_only",
        "This offer is for shoppers who have ordered before.",
    ),
    (
        {"tiers": ["gold"]},
        dataclasses.replace(ALICE, tier="gold"),
        ALICE,
        "tier_missing",
        "This offer is for members with another status.",
    ),
    (
        {"groups": ["student", "teacher"]},
        dataclasses.replace(ALICE, groups=frozenset({"teacher"})),
        dataclasses.replace(ALICE, groups=frozenset({"senior"})),
        "group_missing",
        "This offer is for a group you have not shown to belong to yet. See “My groups”.",
    ),
    (
        {"last_order": {"at_least_days": 60}},
        _ordered(60),
        _ordered(59),
        "ordered_recently",
        "This offer is for shoppers whose last order is at least 60 days ago.",
    ),
    (
        {"last_order": {"at_least_days": 60}},
        _ordered(600),
        _ordered(None),
        "returning_only",
        "This offer is for shoppers who have ordered before.",
    ),
    (
        {"last_order": {"at_most_days": 30}},
        _ordered(30),
        _ordered(31),
        "ordered_long_ago",
        "This offer is for shoppers who ordered within the last 30 days.",
    ),
    (
        {"orders": {"days": 90, "at_least": 3}},
        _ordered(1, count=3),
        _ordered(1, count=2),
        "too_few_orders",
        "This offer is for shoppers with at least 3 orders in the last 90 days.",
    ),
    (
        {"orders": {"days": 90, "at_most": 0}},
        _ordered(99, count=0),
        _ordered(1, count=1),
        "too_many_orders",
        "This offer is for shoppers with at most 0 orders in the last 90 days.",
    ),
    (
        {"spent": {"days": 365, "at_least": 10_000}},
        _ordered(1, spent=10_000),
        _ordered(1, spent=9_999),
        "spent_too_little",
        "This offer is for shoppers who spent at least $100.00 in the last 365 days.",
    ),
    (
        {"spent": {"days": 365, "at_most": 10_000}},
        _ordered(1, spent=10_000),
        _ordered(1, spent=10_001),
        "spent_too_much",
        "This offer is for shoppers who spent at most $100.00 in the last 365 days.",
    ),
    (
        {"segments": ["vip"]},
        dataclasses.replace(ALICE, segment="vip"),
        PRIVATE,
        "private",
        "This offer looks at past shopping, and you have not agreed to that.",
    ),
]


def _evaluate(tree: object, shopper: ShopperFacts, language: str = "en") -> list[Rejection]:
    offer = make_offer(90, amount_off(), requires_coupon=True, condition=parse_condition(tree))
    found = evaluate_offers(
        cart=make_cart(),
        offers=[],
        coupons=[make_coupon(offer=offer)],
        shopper=shopper,
        now=NOON,
        language=language,
    )
    return list(found.rejected)


@pytest.mark.parametrize(("tree", "holds_for", "fails_for", "reason", "said"), BY_SHOPPER)
def test_a_condition_on_the_shopper_holds_or_says_why(
    tree: object, holds_for: ShopperFacts, fails_for: ShopperFacts, reason: str, said: str
) -> None:
    assert _evaluate(tree, holds_for) == []
    assert [(r.reason_code, r.message) for r in _evaluate(tree, fails_for)] == [(reason, said)]
    chinese = _evaluate(tree, fails_for, "zh-hans")[0].message
    assert any("\u4e00" <= sign <= "\u9fff" for sign in chinese)


def _at(now: datetime, **cart: str) -> Circumstances:
    known: dict[str, str] = {"region": "US-NY", "time_zone": "America/New_York"}
    return Circumstances(CartValue((), "USD", "us", "online", **(known | cart)), ALICE, now)


PLACES_AND_TIMES = [
    # condition, holds late on Wednesday in New York, its reason otherwise
    ({"weekdays": [3]}, ""),
    ({"weekdays": [4, 5]}, "wrong_weekday"),
    ({"hours": ["23:00", "23:31"]}, ""),
    ({"hours": ["23:31", "23:00"]}, "wrong_hour"),
    ({"hours": ["22:00", "02:00"]}, ""),
    ({"markets": ["us", "ca"]}, ""),
    ({"markets": ["de"]}, "wrong_market"),
    ({"regions": ["US-NY"]}, ""),
    ({"regions": ["US-other"]}, "wrong_region"),
    ({"channels": ["online", "app"]}, ""),
    ({"channels": ["store"]}, "wrong_channel"),
    ({"one": [{"weekdays": [3]}, {"markets": ["de"]}]}, ""),
    ({"one": [{"weekdays": [3]}, {"markets": ["us"]}]}, "too_many_hold"),
    ({"one": [{"weekdays": [4]}, {"markets": ["de"]}]}, "wrong_weekday"),
]


@pytest.mark.parametrize(("tree", "reason"), PLACES_AND_TIMES)
def test_place_and_time_are_those_of_the_market(tree: object, reason: str) -> None:
    failures = parse_condition(tree).failures(_at(WEDNESDAY_NIGHT))
    assert [failure.reason_code for failure in failures] == ([reason] if reason else [])


def test_hours_follow_the_markets_clock_even_when_turned_back() -> None:
    """On 1 November 2026 New York's clocks show 01:30 twice; both are within the hours."""
    early, late = (datetime(2026, 11, 1, hour, 30, tzinfo=UTC) for hour in (5, 6))
    night = parse_condition({"hours": ["01:00", "02:00"]})
    assert (night.failures(_at(early)), night.failures(_at(late))) == ((), ())


BEHAVIOR = [
    {"segments": ["vip"]},
    {"tags": ["vegan"]},
    {"last_order": {"at_least_days": 1}},
    {"orders": {"days": 90, "at_most": 99}},
    {"spent": {"days": 365, "at_least": 0}},
]


@pytest.mark.parametrize("tree", BEHAVIOR)
def test_behavior_nobody_may_look_at_neither_holds_nor_its_opposite(tree: object) -> None:
    for asked in (tree, {"not": tree}, {"not": {"not": tree}}, {"one": [tree, {"member": True}]}):
        assert [r.reason_code for r in _evaluate(asked, PRIVATE)] == ["private"], asked
    assert _evaluate({"any": [tree, {"member": True}]}, PRIVATE) == []
    assert [r.reason_code for r in _evaluate({"not": {"any": [tree, {"tiers": ["x"]}]}}, PRIVATE)]


SAYINGS = [{"member": True}, {"tiers": ["gold"]}, {"segments": ["vip"]}]
VERDICTS = st.recursive(
    st.sampled_from(SAYINGS),
    lambda inner: st.one_of(
        st.builds(lambda part: {"not": part}, inner),
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=6,
)


def _kleene(condition: Condition, given: Circumstances) -> bool | None:
    """Three-valued logic as textbooks have it, over the leaves' own verdicts."""
    if isinstance(condition, Not):
        inner = _kleene(condition.part, given)
        return None if inner is None else not inner
    if isinstance(condition, All | Any | ExactlyOne):
        each = [_kleene(part, given) for part in condition.parts]
        strong = isinstance(condition, Any)
        if strong in each:
            return strong
        return None if None in each else not strong
    return judge(condition.failures(given))


@forall(tree=VERDICTS, is_member=st.booleans(), is_private=st.booleans())
def test_trees_judge_as_three_valued_logic(
    tree: dict[str, object], is_member: bool, is_private: bool
) -> None:
    try:
        condition = parse_condition(tree)
    except BadOffer:
        return  # nested too deep
    facts = ShopperFacts(1, is_member=is_member, segment="vip", is_private=is_private)
    given = Circumstances(make_cart(), facts, NOON)
    assert judge(condition.failures(given)) is _kleene(condition, given)


def test_costly_facts_are_named_with_their_windows() -> None:
    tree = {
        "all": [
            {"one": [{"orders": {"days": 90, "at_least": 3}}, {"groups": ["student"]}]},
            {"not": {"spent": {"days": 7, "at_most": 1}}},
            {"last_order": {"at_most_days": 3}},
            {"weekdays": [1]},
        ]
    }
    facts = needed_facts(parse_condition(tree))
    assert facts == {"orders_in:90", "groups", "spent_in:7", "last_order"}
    assert asks_history(facts)
    assert not asks_history({"groups", "first_order"})


BAD_TREES = [
    ({"channels": ["fax"]}, "condition.channels"),
    ({"shopper": "old"}, "condition.shopper"),
    ({"weekdays": [0]}, "condition.weekdays"),
    ({"weekdays": [1, 2, 3, 4, 5, 6, 7]}, "condition.weekdays"),
    ({"hours": ["17:00"]}, "condition.hours"),
    ({"hours": ["17:00", "25:00"]}, "condition.hours"),
    ({"hours": ["17:00", "17:00"]}, "condition.hours"),
    ({"hours": ["17:00+01:00", "18:00"]}, "condition.hours"),
    ({"last_order": {}}, "condition.last_order"),
    ({"last_order": {"at_least_days": 9, "at_most_days": 8}}, "condition.last_order"),
    ({"orders": {"at_least": 1}}, "condition.orders.days"),
    ({"orders": {"days": 3651, "at_least": 1}}, "condition.orders.days"),
    ({"spent": {"days": 30}}, "condition.spent"),
    ({"spent": {"days": 30, "more": 1}}, "condition.spent"),
    ({"one": [{"member": True}]}, "condition.one"),
    ({"one": [{"member": True}, {"member": True}]}, "condition.one"),
]


@pytest.mark.parametrize(("tree", "place"), BAD_TREES)
def test_a_senseless_condition_is_refused_where_it_stands(tree: object, place: str) -> None:
    with pytest.raises(BadOffer) as refusal:
        parse_condition(tree)
    assert refusal.value.detail["place"] == place
