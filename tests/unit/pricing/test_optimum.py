"""Public and personal together, scarce stock, markdown, substitutes: against brute force."""

from __future__ import annotations

from functools import cache
from math import exp, factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.core.optimum import (
    DemandTerms,
    best_rungs,
    climb_rungs,
    constant_elasticity_price,
    enumerate_rungs,
    expect_effect,
    expected_worth,
    expected_worth_of_draws,
    joint_worth,
    logit_price,
    mix_segments,
    one_segment,
    personal_prices,
    plan_markdown,
    plan_rungs,
    price_scarce,
    price_shared,
)
from pricing.core.optimum.substitutes import profit_of, rung_odds
from pricing.core.rungs import price_ladder
from pricing.core.values import Policy


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
def test_a_public_rung_is_worth_the_best_personal_rung_of_each_segment(
    groups: list[tuple[float, float]], elasticity: float, public: int
) -> None:
    sizes, boost = (np.array(column) for column in zip(*groups, strict=True))
    terms, policy = terms_of(elasticity), Policy()
    mix = mix_segments(sizes, boost[:, None])
    found = float(joint_worth(np.array([[public]]), terms, mix, policy)[0, 0])
    ladder = price_ladder()
    lowest = max(250, -(-public * 9 // 10))
    inside = [public, *ladder[(ladder >= lowest) & (ladder < public)].tolist()]
    total = 0.0
    for weight, scale, is_personal in zip(mix.weight, mix.scale, mix.is_personal, strict=True):
        own = inside if is_personal[0] else [public]
        total += weight[0] * max(
            (r - 240.0)
            * exp(-10.0 * np.log(r / public) ** 2)
            * exp(-(elasticity * scale[0]) * np.log(r / 400))
            * exp(0.5 * (0.2 * scale[0] * np.log(r / 400)) ** 2)
            for r in own
        )
    assert found == pytest.approx(total, rel=1e-9, abs=1e-9)


def test_the_market_as_a_whole_keeps_the_elasticity_that_was_estimated() -> None:
    mix = mix_segments(np.array([5.0, 1.0, 2.0]), np.array([[0.0, 1], [2.0, 0], [0.5, 3]]))
    assert (mix.weight * mix.scale).sum(axis=0) == pytest.approx([1.0, 1.0])


def test_a_personal_price_is_within_the_cap_and_the_floor_and_only_for_those_with_a_signal() -> (
    None
):
    mix = mix_segments(np.array([1.0, 1.0]), np.array([[0.0], [9.0]]))
    assert personal_prices(np.array([400]), terms_of(3.0), mix, Policy()).tolist() == [[400], [369]]
    mix = mix_segments(np.array([1.0, 1.0]), np.array([[0.0], [9.0]]))
    tight = DemandTerms(
        *(terms_of(3.0).base_minor, np.array([240.0]), np.array([385])),
        *(np.array([3.0]), np.array([0.2])),
    )
    assert personal_prices(np.array([400]), tight, mix, Policy()).tolist() == [[400], [389]]


def test_with_discounts_below_it_the_public_price_is_higher() -> None:
    candidates = price_ladder()[(price_ladder() > 300) & (price_ladder() < 560)][None, :]
    alone = joint_worth(candidates, terms_of(2.6), one_segment(1), Policy())
    mix = mix_segments(np.array([1.0, 1.0]), np.array([[0.0], [1.5]]))
    both = joint_worth(candidates, terms_of(2.6), mix, Policy(spread_aversion=0.0))
    assert candidates[0, both.argmax()] > candidates[0, alone.argmax()]


@pytest.mark.parametrize("objective", ["profit", "revenue", "units"])
def test_the_closed_form_is_the_mean_over_posterior_draws(objective: str) -> None:
    draws = np.random.default_rng(2).normal(1.8, 0.4, (200_000, 1))
    price, base, cost = np.array([369.0]), np.array([400.0]), np.array([240.0])
    sampled = expected_worth_of_draws(price, base, cost, draws, objective=objective)
    closed = expected_worth(
        price, base, cost, np.array([1.8]), np.array([0.4]), objective=objective
    )
    assert closed == pytest.approx(sampled, rel=1e-3)


def test_the_effect_holds_its_mean_and_a_sure_elasticity_has_no_width() -> None:
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
def test_scarce_stock_is_sold_out_at_a_higher_price_and_ample_stock_changes_nothing(
    cost: float, elasticity: float, stock: float
) -> None:
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


def test_a_shared_resource_has_one_shadow_price() -> None:
    cost, slope, usage = np.array([2.0, 3.0]), np.array([0.5, 0.8]), np.array([1.0, 2.0])

    def best(unit_cost: np.ndarray) -> np.ndarray:
        return logit_price(unit_cost, 3.0, slope)

    def demand(price: np.ndarray) -> np.ndarray:
        return 10.0 / (1 + np.exp(-(3.0 - slope * price)))

    shared = price_shared(cost, usage, 8.0, best, demand)
    assert float((usage * shared.units).sum()) == pytest.approx(8.0, rel=1e-9)
    assert shared.price == pytest.approx(best(cost + shared.shadow * usage))
    grid = np.linspace(2, 20, 400)
    one, two = np.meshgrid(grid, grid)
    sold = [10.0 / (1 + np.exp(-(3.0 - s * p))) for s, p in zip(slope, (one, two), strict=True)]
    profit = (one - 2.0) * sold[0] + (two - 3.0) * sold[1]
    fits = sold[0] + 2.0 * sold[1] <= 8.0
    reached = float(((shared.price - cost) * shared.units).sum())
    assert reached >= profit[fits].max() - 1e-9
    ample = price_shared(cost, usage, 1_000.0, best, demand)
    assert ample.shadow.tolist() == [0.0, 0.0]


def test_rungs_under_two_resources_overdraw_none_and_beat_every_pure_choice() -> None:
    rng = np.random.default_rng(6)
    price = np.sort(rng.uniform(3, 9, (4, 5)), axis=1)
    price[0, 4] = np.nan
    units = 20.0 * price**-1.5
    cost, usage = rng.uniform(1, 2.5, 4), rng.uniform(0.2, 1, (2, 4))
    capacity = np.array([3.0, 4.0])
    plan = plan_rungs(price, units, cost, usage, capacity)
    known = np.nan_to_num(units)
    assert plan.share.sum(axis=1) == pytest.approx(np.ones(4))
    assert (usage @ (plan.share * known).sum(axis=1) <= capacity + 1e-7).all()
    rows = np.arange(4)
    assert (usage @ units[rows, plan.rung] <= capacity + 1e-7).all()
    best = 0.0
    for tried in np.ndindex(5, 5, 5, 5):
        sold = units[rows, tried]
        if np.isfinite(sold).all() and (usage @ sold <= capacity).all():
            best = max(best, float(((price[rows, tried] - cost) * sold).sum()))
    assert 0.0 < best <= plan.value + 1e-7
    assert plan.shadow.shape == (2,)
    assert (plan.shadow >= -1e-9).all()


def test_resources_that_no_rung_fits_are_refused() -> None:
    with pytest.raises(ValueError, match="capacity"):
        plan_rungs(np.ones((1, 1)), np.ones((1, 1)), np.zeros(1), np.ones((1, 1)), np.array([0.5]))


def test_the_markdown_plan_is_the_one_found_by_trying_every_path() -> None:
    prices, stock, salvage = np.array([5.0, 4.0, 2.5]), 4, 0.5
    rates = np.array([[0.4, 1.0, 2.5], [0.8, 0.9, 3.0], [0.2, 1.5, 2.0]])

    def chance(units: int, rate: float) -> float:
        return exp(-rate) * rate**units / factorial(units)

    @cache
    def best(week: int, left: int, floor_rung: int) -> float:
        if week == 3:
            return salvage * left
        return max(worth(week, left, rung) for rung in range(floor_rung, 3))

    def worth(week: int, left: int, rung: int) -> float:
        rate, price = float(rates[week, rung]), float(prices[rung])
        some = [chance(units, rate) for units in range(left)]
        total = sum(
            p * (price * units + best(week + 1, left - units, rung)) for units, p in enumerate(some)
        )
        return total + (1.0 - sum(some)) * (price * left + best(week + 1, 0, rung))

    plan = plan_markdown(prices, rates, stock, salvage=salvage)
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


@pytest.mark.parametrize("seed", range(40))
def test_substitutes_reach_the_optimum_of_enumeration(seed: int) -> None:
    category = draw_category(seed, 4, 5)
    _, best = enumerate_rungs(*category)
    odds = rung_odds(*category)
    assert float(profit_of(odds, best_rungs(*category))) == pytest.approx(best, rel=1e-12)
    assert float(profit_of(odds, climb_rungs(*category))) >= best * (1 - 1e-3)


def test_large_categories_are_priced_at_once_and_each_like_alone() -> None:
    drawn = [draw_category(100 + at, 12, 9) for at in range(50)]
    together = tuple(np.stack(column) for column in zip(*drawn, strict=True))
    climbed, exact = climb_rungs(*together), best_rungs(*together)
    odds = rung_odds(*together)
    assert (profit_of(odds, climbed) <= profit_of(odds, exact) * (1 + 1e-12)).all()
    assert profit_of(odds, climbed) == pytest.approx(profit_of(odds, exact), rel=1e-3)
    for at in (0, 17, 49):
        assert climbed[at].tolist() == climb_rungs(*drawn[at]).tolist()
        assert exact[at].tolist() == best_rungs(*drawn[at]).tolist()


def test_a_missing_rung_is_never_chosen() -> None:
    price, *rest = draw_category(3, 4, 5)
    price[:, 2:] = np.nan
    assert climb_rungs(price, *rest).max() <= 1
    assert best_rungs(price, *rest).max() <= 1
