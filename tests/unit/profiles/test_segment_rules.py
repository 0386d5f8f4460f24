"""Segments of staff: what a rule may ask, whom it fits, how it reads, and who may use it."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from profiles.experiments.core.assignment import Targeting, UnitFacts
from profiles.segments.core.rules import (
    LEAST,
    MOST,
    Row,
    Rule,
    RuleRefused,
    Vocabulary,
    check_name,
    check_rule,
    fits,
    read_rule,
    say_rule,
    write_rule,
)
from profiles.values import FeatureRow
from promotions.engine import api as c
from promotions.engine.api import ShopperFacts
from promotions.engine.core.conditions.audience import ShopperTable, match_shoppers
from promotions.law.core.gifts import never_together
from tests.factories.promotions import make_cart

NOW = datetime(2026, 11, 30, tzinfo=UTC)
KNOWN = Vocabulary(tags={"weekend"}, segments={"segment-01"}, departments={7: {70, 71}})
ROW = FeatureRow(
    "a",
    NOW,
    {"orders": 3.0, "discount_share": 0.5},
    category_affinity={70: 1.0, 80: 3.0},
    segment="segment-01",
    tags=("weekend",),
)


@pytest.mark.parametrize(
    ("feature", "comparison", "value", "holds"),
    [
        ("orders", LEAST, 3.0, True),
        ("orders", LEAST, 3.1, False),
        ("orders", MOST, 2.9, False),
        ("basket_lines", MOST, 0.0, True),  # nothing known counts as nothing
        ("tag:weekend", LEAST, 1.0, True),
        ("tag:weekend", MOST, 0.0, False),
        ("segment:segment-01", LEAST, 1.0, True),
        ("department:7", LEAST, 0.25, True),
        ("department:7", LEAST, 0.26, False),
    ],
)
def test_a_row_holds_by_its_bound(feature: str, comparison: str, value: float, holds: bool) -> None:
    rule = ((Row(feature, comparison, value),),)
    check_rule(rule, KNOWN)
    assert fits(rule, ROW, KNOWN.departments) is holds


def test_all_rows_of_one_group_must_hold() -> None:
    often, cheap = Row("orders", LEAST, 3.0), Row("discount_share", MOST, 0.4)
    assert not fits(((often, cheap),), ROW, {})
    assert fits(((cheap,), (often,)), ROW, {})
    assert read_rule(write_rule(((cheap,), (often,)))) == ((cheap,), (often,))


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ((), "no_condition"),
        (((),), "no_condition"),
        (((Row("orders", LEAST, 1.0),) * 7,), "too_long"),
        (((Row("age", LEAST, 30.0),),), "may_not_ask"),
        (((Row("category_affinity", LEAST, 1.0),),), "may_not_ask"),
        (((Row("department:8", LEAST, 0.1),),), "may_not_ask"),
        (((Row("tag:vip", LEAST, 1.0),),), "may_not_ask"),
        (((Row("orders", LEAST, float("nan")),),), "no_value"),
        (((Row("orders", "equal", 1.0),),), "no_value"),
    ],
)
def test_a_rule_asks_only_what_is_allowed(rule: Rule, code: str) -> None:
    with pytest.raises(RuleRefused) as refused:
        check_rule(rule, KNOWN)
    assert refused.value.code == code


@pytest.mark.parametrize("name", ["Young families", "High income", "By postcode"])
def test_a_name_holds_no_protected_trait(name: str) -> None:
    check_name("Weekend bakers")
    with pytest.raises(RuleRefused, match="protected trait"):
        check_name(name)


def test_a_rule_reads_in_both_languages() -> None:
    rule = (
        (Row("orders", LEAST, 2.0), Row("department:7", MOST, 0.5)),
        (Row("tag:weekend", MOST, 0.0),),
    )
    names = {"department:7": "Deli", "tag:weekend": "weekend shopper"}
    show = {"count": "{:g}", "share": "{:.0%}"}
    said = [
        say_rule(rule, names, lambda unit, value: show[unit].format(value), language)
        for language in ("en", "zh-hans")
    ]
    assert said == [
        "orders lately: at least 2 and interest in Deli: at most 50%; or is not “weekend shopper”",
        "近期订单数：不少于 2，且对Deli的兴趣占比：不超过 50%；或者不属于“weekend shopper”",
    ]


def test_offers_and_experiments_know_segments_of_staff_as_tags() -> None:
    mine = c.SegmentIn(frozenset({"own-bakers"}))
    member = ShopperFacts(shopper_id=1, segment="segment-01", tags=frozenset({"own-bakers"}))
    other = ShopperFacts(shopper_id=2, segment="segment-01")
    table = ShopperTable(
        is_member=np.array([True, True]),
        agrees=np.array([True, True]),
        has_ordered=np.array([False, False]),
        last_at=np.array([np.nan, np.nan]),
        segment=np.array([-1, -1]),
        tags={"own-bakers": np.array([True, False])},
    )
    assert match_shoppers(mine, table, 0.0).tolist() == [True, False]
    targeting = Targeting(segments=frozenset({"own-bakers"}))
    assert targeting.fits(UnitFacts("a", tags=member.tags))
    assert not targeting.fits(UnitFacts("b", segment=other.segment))
    given = [c.Circumstances(make_cart(), one, NOW) for one in (member, other)]
    assert [not mine.failures(one) for one in given] == [True, False]


def test_segments_of_staff_may_overlap() -> None:
    mine, theirs = (c.SegmentIn(frozenset({code})) for code in ("own-bakers", "own-weekend"))
    assert not never_together(mine, theirs)
    assert never_together(c.SegmentIn(frozenset({"segment-01"})), c.SegmentIn(frozenset({"s-2"})))
