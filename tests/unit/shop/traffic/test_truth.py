"""The demand of simulated visitors is what its page says, and the same for the same seed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shop.traffic.plan import DAY, Kind, Plan
from shop.traffic.truth import Shelf, Truth, take_one

MONDAY = datetime(2026, 11, 9, tzinfo=UTC)
GOODS = 6


def make_shelf(price: float = 1.0, rival: int = 0) -> Shelf:
    """Return six products of one family at a share of their list price."""
    listed = np.array([200, 300, 400, 500, 600, 700])
    return Shelf(
        variant_id=np.arange(GOODS),
        family_id=np.full(GOODS, 7),
        popularity=np.array([2.0, 1.5, 1.0, 0.7, 0.5, 0.3]),
        price_minor=np.rint(listed * price).astype(np.int64),
        list_minor=listed,
        rival_minor=np.full(GOODS, rival),
    )


def test_the_utilitys_slope_is_the_familys_and_the_shoppers() -> None:
    truth = Truth(seed=3)
    for own in (0.0, 0.4, 1.0):
        high, low = (truth.utilities(make_shelf(one), own, MONDAY) for one in (1.0, 0.5))
        assert low - high == pytest.approx(truth.slope(7) * (1.0 + own) * np.log(2.0))


def test_a_dearer_competitor_wins_purchases_for_us() -> None:
    truth, shelf = Truth(), make_shelf()
    known = replace(shelf, rival_minor=(shelf.price_minor * 1.1).astype(np.int64))
    gain = truth.utilities(known, 0.0, MONDAY) - truth.utilities(shelf, 0.0, MONDAY)
    assert gain == pytest.approx(truth.rival * np.log(known.rival_minor / shelf.price_minor))


def test_seasons_differ_by_family_and_repeat_by_week() -> None:
    truth = Truth()
    week = [truth.season_of(7, MONDAY + timedelta(days=at)) for at in range(7)]
    assert sum(week) == pytest.approx(0.0, abs=1e-9)
    assert max(week) == pytest.approx(truth.season, rel=0.11)
    assert truth.season_of(7, MONDAY + timedelta(days=7)) == pytest.approx(week[0])
    assert truth.season_of(8, MONDAY) != week[0]


@settings(max_examples=20)
@given(st.floats(0.7, 1.2), st.floats(0.0, 1.0), st.integers(0, 50))
def test_chances_are_those_of_a_choice_with_the_way_out(
    price: float, own: float, seed: int
) -> None:
    chance = Truth(seed=seed).chances(make_shelf(price), own, MONDAY)
    assert (chance > 0.0).all()
    assert chance.sum() < 1.0
    draws = (np.arange(500) + 0.5) / 500
    taken = np.bincount([take_one(chance, one) + 1 for one in draws], minlength=GOODS + 1)
    assert taken[1:] / 500 == pytest.approx(chance, abs=5e-3)


def test_every_figure_follows_from_the_seed() -> None:
    assert Truth(seed=1).slope(7) != Truth(seed=2).slope(7)
    assert Truth(seed=1).sensitivity("9") == Truth(seed=1).sensitivity("9")
    assert Truth(seed=1).rival_minor(5, 400, 1) != Truth(seed=1).rival_minor(5, 400, 2)


def make_plan(**changes: Any) -> Plan:
    people = {Kind.HOUSEHOLD: 30, Kind.GUEST: 5, Kind.PRIVATE: 5}
    plan = Plan(MONDAY, MONDAY + timedelta(days=7), 200, 1, people, 10)
    return replace(plan, **changes)


def test_a_plan_depends_on_its_seed_alone() -> None:
    plan = make_plan()
    again = [make_plan().visits(at) for at in range(len(plan))]
    assert [plan.visits(at) for at in range(len(plan))] == again
    assert make_plan(seed=2).visits(5) != plan.visits(5)


def test_visits_lie_inside_their_block_in_order() -> None:
    plan = make_plan()
    seen = [(at, one) for at in range(len(plan)) for one in plan.visits(at)]
    assert len({one.number for _, one in seen}) == len(seen)
    assert [one.at for _, one in seen] == sorted(one.at for _, one in seen)
    for block, one in seen:
        assert plan.starts(block) <= one.at < plan.starts(block) + DAY
        assert len(set(one.categories)) == len(one.categories)
    assert len(seen) == pytest.approx(1_400, rel=0.1)


def test_shares_of_visitors_are_those_that_the_plan_names() -> None:
    plan = make_plan()
    kinds = Counter(one.kind for at in range(len(plan)) for one in plan.visits(at))
    total = sum(kinds.values())
    assert kinds[Kind.HOUSEHOLD] / total == pytest.approx(0.72, abs=0.04)
    assert kinds[Kind.PRIVATE] / total == pytest.approx(0.08, abs=0.03)
    assert kinds[Kind.STRANGER] / total == pytest.approx(0.08, abs=0.03)


def test_without_households_only_guests_and_strangers_come() -> None:
    plan = make_plan(people={Kind.GUEST: 4})
    kinds = {one.kind for at in range(len(plan)) for one in plan.visits(at)}
    assert kinds == {Kind.GUEST, Kind.STRANGER}


def test_the_last_block_ends_with_the_plan() -> None:
    plan = make_plan(end=MONDAY + timedelta(days=1, hours=21, minutes=30))
    last = len(plan) - 1
    assert plan.ends(last) == plan.end
    assert all(one.at < plan.end for one in plan.visits(last))
