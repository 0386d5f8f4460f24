"""Public and personal together, scarce stock, markdown, substitutes: against brute force."""

from __future__ import annotations

from functools import cache
from itertools import product
from math import exp, factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.base.core.price_points import price_ladder
from pricing.base.core.values import Objective, Policy
from pricing.optimum.core.feasible import expect_effect
from pricing.optimum.core.joint import (
    DemandTerms,
    expected_worth,
    mix_segments,
    one_segment,
    personal_prices,
)
from pricing.optimum.core.markdown import plan_markdown
from pricing.optimum.core.quote import constant_elasticity_price
from pricing.optimum.core.stock import price_scarce
from shop.lab.substitutes import best_together


def terms_of(elasticity: float, *, sd: float = 0.2, cost: float = 240.0) -> DemandTerms:
    one = np.ones(1)
    price = np.array([400])
    return DemandTerms(price, cost * one, np.array([250]), elasticity * one, sd * one)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.floats(0.1, 5), st.floats(0, 3)), min_size=1, max_size=4),
    st.floats(0.5, 4),
    st.integers(300, 480),
)
def test_each_segment_pays_its_best_rung_below_the_public_price(
    groups: list[tuple[float, float]], elasticity: float, public: int
) -> None:
    sizes, boost = (np.array(column) for column in zip(*groups, strict=True))
    terms, policy = terms_of(elasticity), Policy()
    mix = mix_segments(sizes, boost[:, None])
    found = personal_prices(np.array([public]), terms, mix, policy)[:, 0].tolist()
    ladder = price_ladder()
    lowest = max(250, -(-public * 9 // 10))
    inside = [public, *ladder[(ladder >= lowest) & (ladder < public)].tolist()]
    for price, scale, is_personal in zip(found, mix.scale, mix.is_personal, strict=True):
        own = inside if is_personal[0] else [public]
        worth = {
            r: (r - 240.0)
            * exp(-10.0 * np.log(r / public) ** 2)
            * exp(-(elasticity * scale[0]) * np.log(r / 400))
            * exp(0.5 * (0.2 * scale[0] * np.log(r / 400)) ** 2)
            for r in own
        }
        assert worth[price] == pytest.approx(max(worth.values()), rel=1e-9, abs=1e-9)


def test_the_market_keeps_its_estimated_elasticity() -> None:
    mix = mix_segments(np.array([5.0, 1.0, 2.0]), np.array([[0.0, 1], [2.0, 0], [0.5, 3]]))
    assert (mix.weight * mix.scale).sum(axis=0) == pytest.approx([1.0, 1.0])


def test_a_personal_price_keeps_to_cap_floor_and_signal() -> None:
    mix = mix_segments(np.array([1.0, 1.0]), np.array([[0.0], [9.0]]))
    assert personal_prices(np.array([400]), terms_of(3.0), mix, Policy()).tolist() == [[400], [369]]
    mix = mix_segments(np.array([1.0, 1.0]), np.array([[0.0], [9.0]]))
    tight = DemandTerms(
        *(terms_of(3.0).base_minor, np.array([240.0]), np.array([385])),
        *(np.array([3.0]), np.array([0.2])),
    )
    assert personal_prices(np.array([400]), tight, mix, Policy()).tolist() == [[400], [389]]


@pytest.mark.parametrize("objective", ["profit", "revenue", "units"])
def test_the_closed_form_is_the_mean_over_posterior_draws(objective: Objective) -> None:
    draws = np.random.default_rng(2).normal(1.8, 0.4, (200_000, 1))
    price, base, cost = np.array([369.0]), np.array([400.0]), np.array([240.0])
    sure = (price, base, cost, draws, np.zeros(1))
    sampled = expected_worth(*sure, objective=objective).mean()
    closed = expected_worth(
        price, base, cost, np.array([1.8]), np.array([0.4]), objective=objective
    )
    assert closed == pytest.approx(sampled, rel=1e-3)


def test_a_sure_elasticity_gives_an_effect_without_width() -> None:
    before, after = np.array([[400]]), np.array([[360]])
    sure = expect_effect(
        before, after, terms_of(2.0, sd=0.0), one_segment(1), weekly_units=np.array([81.0])
    )
    assert sure.weekly["units"][0] == pytest.approx([19.0] * 3)
    assert sure.weekly["revenue"][0] == pytest.approx([100 * 360 - 81 * 400] * 3)
    assert sure.weekly["profit"][0] == pytest.approx([100 * 120 - 81 * 160] * 3)
    assert sure.share["units"][0] == pytest.approx([19 / 81] * 3)
    wide = expect_effect(
        before, after, terms_of(2.0, sd=0.5), one_segment(1), weekly_units=np.array([np.nan])
    )
    low, mean, high = wide.share["units"][0]
    assert low < mean < high
    assert np.isnan(wide.weekly["units"]).all()


@settings(deadline=None, max_examples=40)
@given(st.floats(0.5, 20), st.floats(1.5, 5), st.floats(0.05, 200))
def test_only_scarce_stock_raises_the_price(cost: float, elasticity: float, stock: float) -> None:
    def best(unit_cost: np.ndarray) -> np.ndarray:
        return constant_elasticity_price(unit_cost, elasticity)

    def demand(price: np.ndarray) -> np.ndarray:
        return 100.0 * (price / 10.0) ** -elasticity

    free = best(np.array([cost]))
    found = price_scarce(np.array([cost]), np.array([stock]), best, demand)
    if demand(free)[0] <= stock:
        assert (found.price[0], found.shadow[0]) == (free[0], 0.0)
    else:
        assert found.units[0] == pytest.approx(stock, rel=1e-9)
        run_out = 10.0 * (stock / 100.0) ** (-1 / elasticity)
        assert found.price[0] == pytest.approx(run_out, rel=1e-9)


def test_the_markdown_plan_equals_the_best_of_all_paths() -> None:
    prices, stock = np.array([5.0, 4.0, 2.5]), 4
    rates = np.array([[0.4, 1.0, 2.5], [0.8, 0.9, 3.0], [0.2, 1.5, 2.0]])

    def chance(units: int, rate: float) -> float:
        return exp(-rate) * rate**units / factorial(units)

    @cache
    def best(week: int, left: int, floor_rung: int) -> float:
        if week == 3:
            return 0.0
        return max(worth(week, left, rung) for rung in range(floor_rung, 3))

    def worth(week: int, left: int, rung: int) -> float:
        rate, price = float(rates[week, rung]), float(prices[rung])
        some = [chance(units, rate) for units in range(left)]
        total = sum(
            p * (price * units + best(week + 1, left - units, rung)) for units, p in enumerate(some)
        )
        return total + (1.0 - sum(some)) * (price * left + best(week + 1, 0, rung))

    plan = plan_markdown(prices, rates, stock)
    for left in range(stock + 1):
        for rung in range(3):
            assert plan.value[0, left, rung] == pytest.approx(best(0, left, rung), rel=1e-10)


def test_markdown_prices_only_fall_and_more_stock_is_worth_more() -> None:
    prices = np.array([9.0, 7.0, 5.0, 3.0])
    rates = np.tile(np.array([1.0, 2.0, 4.0, 9.0]), (6, 1))
    plan = plan_markdown(prices, rates, 30)
    assert (plan.rung >= np.arange(4)).all()
    assert (np.diff(plan.value[0, :, 0]) > 0).all()
    with pytest.raises(ValueError, match="descend"):
        plan_markdown(prices[::-1], rates, 3)


def draw_category(seed: int, items: int, width: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    cost = rng.uniform(1, 4, items)
    price = np.sort(cost[:, None] * rng.uniform(1.05, 3.0, (items, width)), axis=1)
    return price, cost, rng.uniform(0, 5, items), rng.uniform(0.3, 2, items)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_substitutes_reach_the_optimum_of_enumeration(seed: int) -> None:
    """Groups of different sizes at once; a closed price point is never chosen."""
    rng = np.random.default_rng(seed)
    group = np.repeat([0, 1, 2], rng.integers(1, 5, 3))
    odds, margin = rng.lognormal(-1.0, 1.0, (len(group), 4)), rng.normal(1.0, 1.0, (len(group), 4))
    is_open = rng.random(odds.shape) < 0.8
    is_open[:, 0] = True
    odds = np.where(is_open, odds, np.nan)
    price_point, profit = best_together(odds, margin, is_open, group)
    assert is_open[np.arange(len(group)), price_point].all()
    for one in range(3):
        rows = np.flatnonzero(group == one)
        best = max(
            sum(margin[row, k] * odds[row, k] for row, k in zip(rows, ks, strict=True))
            / (1.0 + sum(odds[row, k] for row, k in zip(rows, ks, strict=True)))
            for ks in product(*[np.flatnonzero(is_open[row]) for row in rows])
        )
        assert profit[one] == pytest.approx(best, abs=1e-9)
