"""What arms of experiments make of public prices: never more than they were."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pricing.experiments.core import least_factor, multiply_prices

MINOR = st.integers(min_value=1, max_value=10_000_000)


@given(base=MINOR, floor=MINOR, factor=st.floats(0.01, 3.0))
def test_no_arm_exceeds_public_price_or_undercuts_its_floor(
    base: int, floor: int, factor: float
) -> None:
    (price,) = multiply_prices(np.array([base]), np.array([factor]), np.array([floor])).tolist()
    assert min(base, floor) <= price <= base


def test_a_fraction_of_a_cent_goes_to_the_shopper() -> None:
    prices = multiply_prices(np.array([459, 10, 100]), np.full(3, 0.95), np.zeros(3, np.int64))
    assert prices.tolist() == [436, 9, 95]


@given(cap=st.floats(0.01, 0.5), base=st.integers(100, 1_000_000))
def test_from_the_lowest_arm_one_step_leads_back(cap: float, base: int) -> None:
    factor = least_factor(cap)
    lower = int(multiply_prices(np.array([base]), np.array([factor]), np.array([0]))[0])
    assert np.ceil(lower * (1.0 + cap)) + 1 >= base
    assert factor * (1.0 + cap) >= 1.0 - 1e-9
