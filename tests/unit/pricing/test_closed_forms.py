"""Closed forms against fine grids, monotone in cost, and the same one by one as all at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.core.optimum import (
    constant_elasticity_price,
    implied_cost,
    logit_price,
    mnl_common_slope_prices,
    mnl_own_slopes_prices,
    mnl_profit,
)

costs, intercepts, slopes = st.floats(0.1, 50), st.floats(-4, 12), st.floats(0.05, 4)
Line = tuple[float, float, float]
lines = st.lists(st.tuples(st.floats(0.5, 20), st.floats(-2, 8), st.floats(0.2, 3)), min_size=2)


def climb(profit: Callable[[np.ndarray], np.ndarray], low: float, high: float) -> float:
    """Return the best profit on a grid that is refined six times."""
    for _ in range(6):
        grid = np.linspace(low, high, 2_001)
        best = int(np.argmax(profit(grid)))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, 2_000)]
    return float(profit(np.array([(low + high) / 2]))[0])


@settings(deadline=None, max_examples=60)
@given(costs, intercepts, slopes)
def test_the_logit_optimum_is_the_grids(cost: float, intercept: float, slope: float) -> None:
    def profit(price: np.ndarray) -> np.ndarray:
        return (price - cost) / (1 + np.exp(-(intercept - slope * price)))

    price = float(logit_price(cost, intercept, slope))
    best = climb(profit, cost, price * 3 + 10)
    assert float(profit(np.array([price]))[0]) == pytest.approx(best, rel=1e-6)


@settings(deadline=None, max_examples=60)
@given(costs, st.floats(1.3, 12))
def test_the_constant_elasticity_optimum_is_the_grids(cost: float, elasticity: float) -> None:
    def profit(price: np.ndarray) -> np.ndarray:
        return (price - cost) * price**-elasticity

    price = float(constant_elasticity_price(cost, elasticity))
    best = climb(profit, cost, price * 4)
    assert float(profit(np.array([price]))[0]) == pytest.approx(best, rel=1e-6)
    assert float(implied_cost(price, elasticity)) == pytest.approx(cost)


@pytest.mark.parametrize("elasticity", [0.0, 0.7, 1.0, 1.29])
def test_an_elasticity_without_an_optimum_is_held_at_one_that_has_one(elasticity: float) -> None:
    assert float(constant_elasticity_price(3.0, elasticity)) == pytest.approx(13.0)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(costs, intercepts), min_size=1, max_size=6), slopes)
def test_equal_markups_are_the_best_under_one_slope(
    items: list[tuple[float, float]], slope: float
) -> None:
    cost, intercept = (np.array(column) for column in zip(*items, strict=True))
    prices = mnl_common_slope_prices(cost, intercept, slope)
    assert np.ptp(prices - cost) <= 1e-9 * (1 + prices.max())
    expect_no_better_move(prices, cost, intercept, np.full(len(cost), slope))


@settings(deadline=None, max_examples=40)
@given(lines)
def test_one_root_prices_a_category_of_different_slopes(items: list[Line]) -> None:
    cost, intercept, slope = (np.array(column) for column in zip(*items, strict=True))
    prices = mnl_own_slopes_prices(cost, intercept, slope)
    assert np.ptp(prices - cost - 1 / slope) <= 1e-9 * (1 + prices.max())
    expect_no_better_move(prices, cost, intercept, slope)


def expect_no_better_move(
    prices: np.ndarray, cost: np.ndarray, intercept: np.ndarray, slope: np.ndarray
) -> None:
    """No item alone, and no joint change of the adjusted markup, earns 1e-6 more on a fine grid."""
    reached = float(mnl_profit(prices, cost, intercept, slope))
    for item in range(len(prices)):

        def alone(price: np.ndarray, item: int = item) -> np.ndarray:
            tried = np.tile(prices, (len(price), 1))
            tried[:, item] = price
            return mnl_profit(tried, cost, intercept, slope)

        assert climb(alone, cost[item], 3 * prices[item]) <= reached * (1 + 1e-6)

    def together(markup: np.ndarray) -> np.ndarray:
        return mnl_profit(cost + 1 / slope + markup[:, None], cost, intercept, slope)

    assert climb(together, -1.0, 3 * prices.max()) <= reached * (1 + 1e-6)


def test_one_item_of_a_category_is_the_single_logit() -> None:
    alone = logit_price(2.0, 3.0, 0.7)
    assert mnl_own_slopes_prices([2.0], [3.0], [0.7]) == pytest.approx(alone, rel=1e-13)
    assert mnl_common_slope_prices([2.0], [3.0], 0.7) == pytest.approx(alone, rel=1e-13)


@settings(deadline=None, max_examples=60)
@given(costs, st.floats(0.01, 20), intercepts, slopes)
def test_a_dearer_good_is_never_sold_for_less(
    cost: float, more: float, intercept: float, slope: float
) -> None:
    def rises(prices: np.ndarray) -> bool:
        return bool(prices[1] >= prices[0] - 1e-9)

    both = np.array([cost, cost + more])
    assert rises(logit_price(both, intercept, slope))
    assert rises(constant_elasticity_price(both, 0.5 + slope))
    pair = np.stack([both, np.full(2, cost)], axis=1)
    own = mnl_own_slopes_prices(pair, np.full((2, 2), intercept), np.array([slope, 0.5]))
    assert rises(own[:, 0])
    assert rises(mnl_common_slope_prices(pair, np.full((2, 2), intercept), slope)[:, 0])


def test_a_batch_is_priced_like_its_members() -> None:
    rng = np.random.default_rng(5)
    cost, intercept = rng.uniform(1, 20, (200, 7)), rng.uniform(-2, 8, (200, 7))
    slope = rng.uniform(0.2, 3, (200, 7))
    own = mnl_own_slopes_prices(cost, intercept, slope)
    common = mnl_common_slope_prices(cost, intercept, slope[:, 0])
    logit = logit_price(cost[:, 0], intercept[:, 0], slope[:, 0])
    for at in range(0, 200, 17):
        one = (cost[at], intercept[at], slope[at])
        assert mnl_own_slopes_prices(*one) == pytest.approx(own[at], rel=1e-14)
        assert mnl_common_slope_prices(*one[:2], one[2][0]) == pytest.approx(common[at], rel=1e-14)
        assert float(logit_price(one[0][0], one[1][0], one[2][0])) == logit[at]


def test_an_item_not_offered_changes_nothing() -> None:
    full = mnl_own_slopes_prices([1.0, 2.0], [2.0, 2.5], [1.0, 0.8])
    padded = mnl_own_slopes_prices([1.0, 2.0, 9.0], [2.0, 2.5, -np.inf], [1.0, 0.8, 1.0])
    assert padded[:2] == pytest.approx(full, rel=1e-14)


@pytest.mark.parametrize("intercept", [-800.0, 800.0])
def test_nothing_overflows(intercept: float) -> None:
    assert np.isfinite(logit_price(1.0, intercept, 0.1))
    assert np.isfinite(mnl_own_slopes_prices([1.0, 2.0], [intercept, 1.0], [0.1, 0.3])).all()
    assert np.isfinite(mnl_common_slope_prices([1.0, 2.0], [intercept, 1.0], 0.1)).all()
