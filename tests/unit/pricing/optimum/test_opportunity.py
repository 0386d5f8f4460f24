"""Scarce stock, substitutes and what must be gone: against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from pricing.base.core.price_points import price_ladder
from pricing.optimum.core.markdown import clearance_price
from pricing.optimum.core.stock import sibling_cost, stock_cost


@settings(deadline=None, max_examples=60)
@given(st.floats(1, 9), st.floats(1.5, 5), st.floats(1, 200), st.floats(0.5, 200))
def test_the_shadow_price_sells_exactly_the_stock(
    cost: float, elasticity: float, units: float, stock: float
) -> None:
    now = 10.0
    numbers = (now, cost, elasticity, units, stock)
    shadow = float(stock_cost(*(np.array([one]) for one in numbers))[0])
    grid = np.exp(np.linspace(np.log(cost), np.log(4_000.0), 400_001))
    sold = units * (grid / now) ** -elasticity
    profit = np.where(sold <= stock * (1 + 1e-9), (grid - cost) * sold, -np.inf)
    best = grid[profit.argmax()]
    price = (cost + shadow) * elasticity / (elasticity - 1)
    assert price == pytest.approx(min(best, price) if best > 3_900 else best, rel=1e-3)
    assert shadow >= 0.0


@pytest.mark.parametrize("name", range(5))
@pytest.mark.parametrize("wild", [np.nan, np.inf, -1.0])
def test_numbers_that_are_no_numbers_make_no_stock_scarce(name: int, wild: float) -> None:
    numbers = [np.array([one]) for one in (4.0, 2.0, 2.0, 8.0, 2.0)]
    numbers[name] = np.array([wild])
    found = stock_cost(*numbers)
    assert np.isfinite(found).all()
    assert name in (0, 2) or found.tolist() == [0.0]


def test_without_stock_no_lower_price_wins_a_sale() -> None:
    price = np.array([4.0, 4.0, np.nan])
    none = np.array([0.0, 9.0, 0.0])
    found = stock_cost(price, price / 2, price / 2, np.full(3, 8.0), none)
    assert found.tolist() == [4.0, 0.0, 0.0]


def test_sibling_cost_satisfies_the_joint_first_order_condition() -> None:
    cost, intercept = np.array([1.0, 2.0, 1.5]), np.array([2.0, 2.5, 1.0])

    def buy(price: np.ndarray) -> np.ndarray:
        weight = np.exp(intercept - price)
        return np.asarray(weight / (1.0 + weight.sum()))

    def lose(price: np.ndarray) -> float:
        return -float((price - cost) @ buy(price))

    price = minimize(lose, cost + 1.0, method="BFGS", options={"gtol": 1e-8}).x
    chance = buy(price)
    for at in range(3):
        others = np.arange(3) != at
        share = float(chance[others].sum() / (1.0 - chance[at]))
        taken = sibling_cost(price - cost, chance, np.zeros(3, dtype=np.int64), share)[at]
        # p - c - taken = 1 / (b (1 - q)): each is optimal alone once it pays for its siblings.
        best = pytest.approx(1.0 / (1.0 - chance[at]), rel=1e-5)
        assert price[at] - cost[at] - taken == best


def test_siblings_share_a_group_and_losses_take_nothing() -> None:
    margin, units = np.array([1.0, -5.0, 2.0, np.nan]), np.array([4.0, 2.0, np.nan, 3.0])
    found = sibling_cost(margin, units, np.array([1, 1, 1, 2]), 0.5)
    assert found.tolist() == [0.0, 0.5, 0.0, 0.0]


@settings(deadline=None, max_examples=20)
@given(
    st.tuples(st.integers(50, 5_000), st.floats(0.2, 1.0)),
    st.tuples(st.floats(0.01, 40), st.integers(1, 300), st.floats(0.01, 50)),
    st.floats(0.1, 6),
)
def test_a_clearance_price_falls_on_the_ladder_within_bounds(
    prices: tuple[int, float], goods: tuple[float, int, float], elasticity: float
) -> None:
    current, lowest = prices[0], int(prices[0] * prices[1])
    days, stock, daily = goods
    price = clearance_price(
        current, lowest, days=days, stock=stock, daily_units=daily, elasticity=elasticity
    )
    assert lowest <= price <= current
    assert price == current or price in price_ladder()


def test_more_stock_and_less_time_clear_at_lower_prices() -> None:
    def clear(days: float, stock: int) -> int:
        return clearance_price(400, 100, days=days, stock=stock, daily_units=3.0, elasticity=2.0)

    assert [clear(7.0, stock) for stock in (5, 30, 60, 400)] == sorted(
        (clear(7.0, stock) for stock in (5, 30, 60, 400)), reverse=True
    )
    assert clear(7.0, 5) == 400
    assert clear(2.0, 30) < clear(9.0, 30)


@pytest.mark.parametrize(
    ("days", "stock", "daily", "elasticity"),
    [(0.0, 9, 2.0, 2.0), (3.0, 0, 2.0, 2.0), (3.0, 9, np.nan, 2.0), (3.0, 9, 2.0, np.nan)],
)
def test_without_time_stock_or_a_known_demand_the_price_stays(
    days: float, stock: int, daily: float, elasticity: float
) -> None:
    price = clearance_price(
        400, 100, days=days, stock=stock, daily_units=daily, elasticity=elasticity
    )
    assert price == 400
