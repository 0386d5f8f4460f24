"""Randomised price shocks: as many as asked for, balanced, repeatable, with true probabilities."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pricing.base.core.price_points import price_ladder
from pricing.experiments.core import (
    CALM,
    LEAST_MOVE,
    LEAST_SHARE,
    PriceTestPlan,
    PriceTests,
    draw_shocks,
    plan_price_tests,
    shock_price_points,
    size_tests,
)
from pricing.optimum.core.feasible import example_limits
from pricing.optimum.core.quote import VariantTerms
from tests.factories.pricing import make_terms

MONDAY = date(2026, 11, 23)


def plan(
    falls: NDArray[np.bool_],
    rises: NDArray[np.bool_],
    category: NDArray[np.int64],
    *,
    share: float = 0.05,
    week: date = MONDAY,
    order: NDArray[np.int64] | None = None,
) -> PriceTestPlan:
    at = np.arange(len(falls)) if order is None else order
    return plan_price_tests(
        variant_id=at + 1,
        category_id=category[at],
        may_fall=falls[at],
        may_rise=rises[at],
        share=share,
        seed="us/online",
        week=week,
    )


goods = st.lists(
    st.tuples(st.booleans(), st.booleans(), st.integers(1, 4)), min_size=0, max_size=150
)


@given(goods, st.floats(0, 0.25), st.integers(0, 500))
def test_shocks_go_where_allowed_and_are_balanced_by_category(
    shelf: list[tuple[bool, bool, int]], share: float, week: int
) -> None:
    falls, rises, category = (
        np.array([one[k] for one in shelf], dtype=kind)
        for k, kind in enumerate((np.bool_, np.bool_, np.int64))
    )
    found = plan(falls, rises, category, share=share, week=MONDAY + timedelta(weeks=week))
    assert not (found.direction[~falls] < 0).any()
    assert not (found.direction[~rises] > 0).any()
    assert (found.probability[found.direction != 0] > 0).all()
    expected = np.where(falls & rises, share / 2, np.where(falls | rises, share, 0.0))
    assert np.array_equal(found.probability, expected)
    for one in np.unique(category):
        both = (category == one) & falls & rises
        down, up = ((found.direction[both] == way).sum() for way in (-1, 1))
        assert abs(down - up) <= 1
        for group in (both, (category == one) & (falls ^ rises) & falls):
            taken = (found.direction[group] != 0).sum()
            assert abs(taken - share * group.sum()) < 1 + 1e-9


def test_the_draw_depends_on_seed_variant_and_week_only() -> None:
    rng = np.random.default_rng(1)
    category = rng.integers(1, 6, 300)
    yes = np.ones(300, dtype=np.bool_)
    order = rng.permutation(300)
    first, mixed = plan(yes, yes, category), plan(yes, yes, category, order=order)
    assert np.array_equal(first.direction[order], mixed.direction)
    assert np.array_equal(first.direction, plan(yes, yes, category).direction)
    next_week = plan(yes, yes, category, week=MONDAY + timedelta(weeks=1))
    assert not np.array_equal(first.direction, next_week.direction)


def test_no_release_changes_what_a_week_draws() -> None:
    """Goods of eight categories, some of which may go one way only, in a week of 2026."""
    rng = np.random.default_rng(3)
    category = rng.integers(1, 9, 900)
    falls, rises = rng.random(900) < 0.8, rng.random(900) < 0.7
    found = plan(falls, rises, category, share=0.07).direction
    assert sha256(found.tobytes()).hexdigest()[:16] == "5943f6341d75e223"
    assert np.bincount(found + 1).tolist() == [32, 843, 25]


def test_each_variant_moves_as_often_as_its_probability_says() -> None:
    """600 weeks of 60 products: no variant and neither direction is favoured."""
    yes, category = np.ones(60, dtype=np.bool_), np.repeat([1, 2, 3], 20)
    rows = [
        plan(yes, yes, category, share=0.2, week=MONDAY + timedelta(weeks=one)).direction
        for one in range(600)
    ]
    for way in (-1, 1):
        count = (np.stack(rows) == way).sum(axis=0)
        assert abs(count.mean() / 600 - 0.1) < 0.002
        # Binomial(600, 0.1): sd 7.3, so 60 products stay within 4 sd.
        assert abs(count - 60).max() < 30


@given(st.integers(6, 9_000_000))
def test_a_shock_takes_the_nearest_price_that_teaches(base: int) -> None:
    below, above = (int(one[0]) for one in shock_price_points(np.array([base])))
    lowest, highest = base * (1.0 - LEAST_MOVE), base * (1.0 + LEAST_MOVE)
    assert below <= lowest < highest <= above
    ladder = price_ladder()
    assert not ((ladder > below) & (ladder <= lowest)).any()
    assert not ((ladder >= highest) & (ladder < above)).any()


def test_no_share_or_no_goods_is_no_shock() -> None:
    yes, none = np.ones(50, dtype=np.bool_), np.zeros(50, dtype=np.bool_)
    assert not plan(yes, yes, np.ones(50, dtype=np.int64), share=0.0).direction.any()
    assert not plan(none, none, np.ones(50, dtype=np.int64)).direction.any()
    assert not len(plan(yes[:0], yes[:0], np.ones(0, dtype=np.int64)).direction)


def terms_of(relative_sd: NDArray[np.float64], category: NDArray[np.int64]) -> VariantTerms:
    """Return products with an elasticity of 2, known as well as `relative_sd` says."""
    terms = make_terms([400] * len(category), elasticity=2.0)
    return replace(terms, category_id=category, elasticity_sd=2.0 * relative_sd)


@given(
    st.lists(st.tuples(st.floats(0.0, 2.0), st.integers(1, 4)), min_size=1, max_size=60),
    st.floats(0.0, 0.25),
)
def test_more_is_tested_where_less_is_known(shelf: list[tuple[float, int]], most: float) -> None:
    sd, category = (np.array([one[k] for one in shelf]) for k in range(2))
    share = size_tests(terms_of(sd, category), most)
    assert (share <= most).all()
    assert (share >= min(most, LEAST_SHARE)).all()
    for one in np.unique(category):
        assert len(set(share[category == one].tolist())) == 1
    assert (size_tests(terms_of(sd + 0.1, category), most) >= share).all()


def test_tests_fall_to_a_floor_once_everything_is_known() -> None:
    category = np.array([1, 1, 2, 3])
    sd = np.array([0.0, 0.0, np.nan, np.sqrt(CALM / 2)])
    share = size_tests(terms_of(sd, category), 0.05)
    assert share.tolist() == pytest.approx([LEAST_SHARE, LEAST_SHARE, 0.05, 0.025])
    assert size_tests(terms_of(sd, category), 0.0).tolist() == [0.0] * 4


def test_the_recorded_chance_is_the_share_of_its_category() -> None:
    category = np.repeat([1, 2], 400)
    sd = np.where(category == 1, 0.0, 1.0)
    limits = example_limits(current=400, floor=1, ceiling=10**6, step=0.5)
    limits = limits.take(np.zeros(800, dtype=np.int64))
    none = np.zeros(800, dtype=np.bool_)
    calm = PriceTests.running(
        *(limits.current_minor, np.zeros(800, dtype=np.int64)),
        is_intact=none,
        holds=none,
        is_stopped=none,
        seed="us/online",
        week=MONDAY,
    )
    drawn = draw_shocks(calm, terms_of(sd, category), limits, may_move=~none, most=0.05)
    taken = [int(np.count_nonzero(drawn.direction[category == one])) for one in (1, 2)]
    assert taken == [4, 20]
    assert drawn.chances[[0, 400]].tolist() == [[0.005, 0.005], [0.025, 0.025]]
