"""Gifts that come together: which may, and how much of the least cart they are worth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from promotions.engine.core.conditions import tree as c
from promotions.engine.core.stacking.rules import (
    Category,
    Group,
    GroupMode,
    OfferPosition,
    exclude_each_other,
)
from promotions.law.core.gifts import GiftOffer, Together, find_together, never_together

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
A_DAY = timedelta(days=1)
BEST = (Group("week", GroupMode.BEST),)


def gift(code: str, value: int, least: int, *, mine: bool = False, **fields: Any) -> GiftOffer:
    known: dict[str, Any] = {
        "place": OfferPosition((), None, 0, 0),
        "condition": c.ALWAYS,
        "starts_at": NOON,
        "ends_at": NOON + A_DAY,
    }
    return GiftOffer(code, mine, value, least, **(known | fields))


BAG = gift("bag", 1_000, 3_000, mine=True)


def test_gifts_of_one_cart_are_taken_together() -> None:
    # 10.00 of 40.00 and 8.00 of 38.00 alone, 18.00 of 48.00 together.
    assert find_together([BAG, gift("mug", 800, 3_000)]) == Together(("bag", "mug"), 37.5)


def test_the_dearest_gift_sets_the_size_of_the_cart() -> None:
    found = find_together([BAG, gift("mug", 800, 9_000), gift("pen", 100, 0)])
    # The pen comes with the bag in a cart of 30.00; all three take one of 90.00.
    assert found == Together(("bag", "pen"), round(100 * 1_100 / 4_100, 1))


@pytest.mark.parametrize(
    "other",
    [
        {"starts_at": NOON + A_DAY, "ends_at": NOON + 2 * A_DAY},
        {"place": OfferPosition(BEST, None, 0, 2)},
        {"condition": c.SegmentIn(frozenset({"loyal"}))},
        {"place": OfferPosition((), Category("gifts", max_offers=1), 0, 2)},
        {"place": OfferPosition((Group("alone", GroupMode.EXCLUSIVE),), None, 0, 2)},
    ],
    ids=["another week", "best of a group", "another segment", "one of a kind", "alone"],
)
def test_what_never_comes_together_is_not_judged_together(other: dict[str, Any]) -> None:
    mine = gift(
        "bag",
        1_000,
        3_000,
        mine=True,
        place=OfferPosition(BEST, Category("gifts", max_offers=1), 0, 1),
        condition=c.All((c.Member(), c.SegmentIn(frozenset({"new"})))),
    )
    assert find_together([mine, gift("mug", 800, 3_000, **other)]) is None


def test_gifts_of_others_alone_are_not_mine_to_answer_for() -> None:
    small = gift("pen", 10, 9_000, mine=True)
    others = [gift("mug", 900, 1_000), gift("bag", 900, 1_000)]
    assert find_together([*others, small]) == Together(
        ("bag", "mug", "pen"), round(100 * 1_810 / 10_810, 1)
    )


@pytest.mark.parametrize(
    ("one", "other", "is_apart"),
    [
        (c.TierIn(frozenset({"gold"})), c.TierIn(frozenset({"silver", "gold"})), False),
        (c.TierIn(frozenset({"gold"})), c.TierIn(frozenset({"silver"})), True),
        (c.Newcomer(True), c.All((c.Member(), c.Newcomer(False))), True),
        (c.MarketIn(frozenset({"us"})), c.MarketIn(frozenset({"de"})), True),
        (c.ChannelIn(frozenset({"app"})), c.ChannelIn(frozenset({"store"})), True),
        # Who carries one tag may carry another; either of two is no must.
        (c.HasTag(frozenset({"a"})), c.HasTag(frozenset({"b"})), False),
        (c.Any((c.TierIn(frozenset({"gold"})),)), c.TierIn(frozenset({"silver"})), False),
    ],
)
def test_who_fits_one_never_fits_the_other(
    one: c.Condition, other: c.Condition, is_apart: bool
) -> None:
    assert never_together(one, other) is never_together(other, one) is is_apart


def test_the_search_finds_what_trying_all_sets_finds() -> None:
    rng = np.random.default_rng(3)
    for _ in range(100):
        groups = [
            OfferPosition(BEST, None, 0, 1),
            OfferPosition((), None, 0, 1),
            OfferPosition((), None, 0, 1),
        ]
        gifts = [
            gift(
                f"g{at}",
                int(rng.integers(1, 50)),
                int(rng.integers(0, 4)) * 50,
                mine=at == 0,
                place=groups[int(rng.integers(3))],
            )
            for at in range(7)
        ]
        found = find_together(gifts)
        wanted = max(
            (
                round(100 * value / (value + least), 1)
                for size in range(2, 8)
                for each in combinations(gifts, size)
                if each[0].is_mine
                and not any(exclude_each_other(i.place, j.place) for i, j in combinations(each, 2))
                for value in [sum(one.value_minor for one in each)]
                for least in [max(one.least_minor for one in each)]
            ),
            default=None,
        )
        assert wanted == (None if found is None else found.percent)
