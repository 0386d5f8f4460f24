"""Closed forms against fine grids."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.core.optimize import (
    constant_elasticity_price,
    expected_demand_ratio,
    implied_cost,
    improvement_probability,
    logit_price,
)


def climb(profit: object, low: float, high: float) -> float:
    """Return the best profit on a grid that is refined five times."""
    for _ in range(6):
        grid = np.linspace(low, high, 2_001)
        best = int(np.argmax(profit(grid)))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, 2_000)]
    return float(profit(np.array([(low + high) / 2]))[0])


@settings(deadline=None, max_examples=60)
@given(st.floats(0.1, 50), st.floats(-4, 12), st.floats(0.05, 4))
def test_the_logit_optimum_is_the_grids(cost: float, intercept: float, slope: float) -> None:
    def profit(price: np.ndarray) -> np.ndarray:
        return (price - cost) / (1 + np.exp(-(intercept - slope * price)))

    price = float(logit_price(cost, intercept, slope))
    best = climb(profit, cost, price * 3 + 10)
    assert float(profit(np.array([price]))[0]) == pytest.approx(best, rel=1e-6)


@settings(deadline=None, max_examples=60)
@given(st.floats(0.1, 50), st.floats(1.3, 12))
def test_the_constant_elasticity_optimum_is_the_grids(cost: float, elasticity: float) -> None:
    def profit(price: np.ndarray) -> np.ndarray:
        return (price - cost) * price**-elasticity

    price = float(constant_elasticity_price(cost, elasticity))
    best = climb(profit, cost, price * 4)
    assert float(profit(np.array([price]))[0]) == pytest.approx(best, rel=1e-6)
    assert float(implied_cost(price, elasticity)) == pytest.approx(cost)


def test_a_logit_price_does_not_overflow() -> None:
    assert np.isfinite(logit_price(1.0, 800.0, 0.1))


def test_expected_demand_is_the_mean_over_posterior_draws() -> None:
    draws = np.random.default_rng(3).normal(1.8, 0.4, 400_000)
    x = np.log(0.9)
    sampled = np.exp(-draws * x).mean()
    one = np.ones((1, 1))
    found = expected_demand_ratio(np.array([[x]]), 1.8 * one, 0.4 * one, 0 * one)
    assert float(found[0, 0]) == pytest.approx(sampled, rel=1e-3)


def test_improvement_probability_is_the_share_of_draws_that_improve() -> None:
    draws = np.random.default_rng(4).normal(1.8, 0.5, 400_000)
    for other in (3.6, 3.9, 4.1, 4.4):
        gain = (other - 2.2) / (4.0 - 2.2) * (other / 4.0) ** -draws
        found = improvement_probability(*(np.array([v]) for v in (4.0, other, 2.2, 1.8, 0.5)))
        assert float(found[0]) == pytest.approx(float((gain > 1).mean()), abs=0.005)
