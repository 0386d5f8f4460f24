"""The agent earns in a market it has never seen, cold and warm."""

from __future__ import annotations

import pytest

from shop.lab.agent import AdaptivePolicy
from tests.statistical.pricing.outside_market import run_outside

pytestmark = pytest.mark.statistical


@pytest.mark.parametrize(("warm_days", "least"), [(0, 0.5), (4, 0.7)])
def test_it_beats_the_best_uniform_discount_soon(warm_days: int, least: float) -> None:
    sums = run_outside(AdaptivePolicy(random_state=2), seed=1, days=6, warm_days=warm_days)
    room = sums["known"] - sums["usual"]
    assert room > 0.1 * sums["known"]
    assert (sums["agent"] - sums["usual"]) / room > least
    assert sums["agent"] > sums["uniform"]
