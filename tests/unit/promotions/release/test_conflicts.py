"""A planted stack is found with its products and its price; offers that never meet are none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from promotions.engine.core.carts import Scope
from promotions.engine.core.conditions import tree as c
from promotions.engine.core.evaluate import evaluate_offers
from promotions.engine.core.values import Evaluation, OfferValue, Stacking
from promotions.release import core as conflicts
from promotions.release.core import find_conflicts, kinds_of_shoppers
from tests.factories.promotions import (
    BREAD,
    CHEESE,
    NOON,
    WINE,
    make_cart,
    make_line,
    make_offer,
    percent_off,
)

CHEESES, BREADS = Scope(category_ids=frozenset({CHEESE})), Scope(category_ids=frozenset({BREAD}))
BASKETS = [
    make_cart(make_line("cheese", unit_minor=1_000, quantity=2)),
    make_cart(make_line("bread", category_ids=(BREAD,), unit_minor=300)),
    make_cart(
        make_line("wine", category_ids=(WINE,), unit_minor=900),
        make_line("cheese", unit_minor=1_000),
    ),
]


def planted() -> list[OfferValue]:
    """Twenty harmless offers, and two that take 90 % off cheese together, one with a code."""
    harmless = [
        make_offer(n, percent_off("5"), scope=BREADS, stacking=Stacking.BEST, stacking_group="week")
        for n in range(1, 21)
    ]
    deep = make_offer(
        30, percent_off("75"), scope=CHEESES, condition=c.SegmentIn(frozenset({"loyal"}))
    )
    code = make_offer(
        31, percent_off("60"), scope=CHEESES, requires_coupon=True, condition=c.FirstOrder()
    )
    return [*harmless, deep, code]


def find(offers: list[OfferValue], threshold: float = 50.0) -> list[tuple[object, ...]]:
    found = find_conflicts(
        offers=offers,
        baskets=BASKETS,
        shoppers=kinds_of_shoppers(offers),
        times=[NOON],
        threshold=threshold,
    )
    return [
        (one.campaign_ids, one.quoted_minor, one.combined_minor, round(one.depth), one.at_floor)
        for one in found
    ]


def test_only_the_planted_stack_of_90_percent_is_found() -> None:
    assert find(planted()) == [((3_000, 3_100), 2_000, 200, 90, False)]


def test_a_stack_under_the_threshold_is_not_reported() -> None:
    assert find(planted(), threshold=91.0) == []


def test_offers_for_different_people_never_meet() -> None:
    apart = [
        make_offer(1, percent_off("80"), scope=CHEESES, condition=c.SegmentIn(frozenset({"a"}))),
        make_offer(2, percent_off("80"), scope=CHEESES, condition=c.SegmentIn(frozenset({"b"}))),
    ]
    assert find(apart) == []
    new_and_old = [
        make_offer(1, percent_off("80"), scope=CHEESES, condition=c.Newcomer(is_new=True)),
        make_offer(2, percent_off("80"), scope=CHEESES, condition=c.Newcomer(is_new=False)),
    ]
    assert find(new_and_old) == []


def test_offers_at_different_times_never_meet() -> None:
    soon = make_offer(1, percent_off("80"), scope=CHEESES, ends_at=NOON)
    assert find([soon, make_offer(2, percent_off("80"), scope=CHEESES)]) == []


def test_of_a_best_group_only_one_counts() -> None:
    best = {"stacking": Stacking.BEST, "stacking_group": "week", "scope": CHEESES}
    assert find([make_offer(n, percent_off("60"), **best) for n in (1, 2)]) == []


def test_what_only_the_floor_stopped_is_reported_under_the_threshold() -> None:
    basket = make_cart(make_line("cheese", unit_minor=1_000, floor_minor=850))
    offers = [make_offer(n, percent_off("10"), scope=CHEESES) for n in (1, 2)]
    found = find_conflicts(
        offers=offers,
        baskets=[basket],
        shoppers=kinds_of_shoppers(offers),
        times=[NOON, NOON + timedelta(hours=1)],
        threshold=50.0,
    )
    assert [(one.campaign_ids, one.combined_minor, one.at_floor) for one in found] == [
        ((100, 200), 850, True)
    ]


def test_three_campaigns_are_named_together() -> None:
    offers = [make_offer(n, percent_off("30"), scope=CHEESES) for n in (1, 2, 3)]
    assert find(offers, 60.0) == [((100, 200, 300), 2_000, 686, 66, False)]


def test_shoppers_whom_no_offer_tells_apart_are_asked_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []

    def count(**given: Any) -> Evaluation:
        asked.append(len(given["offers"]))
        return evaluate_offers(**given)

    monkeypatch.setattr(conflicts, "evaluate_offers", count)
    offers = [make_offer(n, percent_off("30"), scope=CHEESES) for n in (1, 2)]
    apart = make_offer(3, percent_off("5"), scope=BREADS, condition=c.Newcomer(is_new=True))
    assert find([*offers, apart]) == [((100, 200), 2_000, 980, 51, False)]
    assert asked == [2, 2]  # of three baskets two hold cheese
