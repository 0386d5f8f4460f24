"""The closed form against fine grids, and monotone in cost."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.optimum.core.quote import constant_elasticity_price, implied_cost

costs = st.floats(0.1, 50)


def climb(profit: Callable[[np.ndarray], np.ndarray], low: float, high: float) -> float:
    """Return the best profit on a grid that is refined six times."""
    for _ in range(6):
        grid = np.linspace(low, high, 2_001)
        best = int(np.argmax(profit(grid)))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, 2_000)]
    return float(profit(np.array([(low + high) / 2]))[0])


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
def test_an_elasticity_without_an_optimum_is_bounded(elasticity: float) -> None:
    assert float(constant_elasticity_price(3.0, elasticity)) == pytest.approx(13.0)


@settings(deadline=None, max_examples=60)
@given(costs, st.floats(0.01, 20), st.floats(0.55, 4.5))
def test_a_dearer_good_is_never_sold_for_less(cost: float, more: float, elasticity: float) -> None:
    low, high = constant_elasticity_price(np.array([cost, cost + more]), elasticity)
    assert high >= low - 1e-9
