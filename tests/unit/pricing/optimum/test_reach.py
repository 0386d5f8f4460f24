"""How far an elasticity may move a price: a price beyond what was shown, or what chance allows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pricing.base.core.price_points import neighbour_price_points
from pricing.base.core.values import Policy
from pricing.optimum.core.choose import choose_public
from pricing.optimum.core.feasible import example_limits
from pricing.optimum.core.joint import DemandTerms
from pricing.optimum.core.publish import reach_of

PRICES = st.integers(150, 5_000)
NO = np.zeros(1, dtype=np.bool_)


@given(PRICES, PRICES, PRICES)
def test_no_observational_price_exceeds_one_step_beyond_shown_prices(
    anchor: int, one: int, other: int
) -> None:
    low, high = sorted((one, other))
    seen = np.array([low]), np.array([high])
    now = np.array([anchor])
    lowest, highest = reach_of(now, now, seen, NO, Policy())
    under, _ = neighbour_price_points(np.minimum(seen[0], anchor))
    _, over = neighbour_price_points(np.maximum(seen[1], anchor))
    assert under[0] <= lowest[0] <= anchor <= highest[0] <= over[0]
    # What chance backs reaches as far as ever, and nothing reaches further.
    widest = reach_of(now, now, seen, ~NO, Policy())
    assert widest[0][0] <= lowest[0]
    assert widest[1][0] >= highest[0]


def choose_from(current: int, elasticity: float) -> int:
    """Return the price chosen from `current` under an anchor of 400, shown between 340 and 400."""
    limits = example_limits(current=current, floor=286, ceiling=600, step=0.3)
    seen = np.array([340]), np.array([400])
    low, high = reach_of(limits.current_minor, np.array([400]), seen, NO, Policy())
    limits = replace(limits, anchor_minor=np.array([400]), rung_low=low, rung_high=high)
    one = np.ones(1)
    terms = DemandTerms(
        np.array([current]), 240.0 * one, np.array([286]), elasticity * one, 0.1 * one
    )
    return int(choose_public(limits, terms, Policy()).minor[0])


def test_a_price_may_go_one_step_beyond_earlier_ones() -> None:
    assert choose_from(400, 3.4) == 339
    assert choose_from(400, 6.0) == 339
    assert choose_from(400, 2.2) == 409


def test_a_price_off_its_anchor_stays_only_while_better() -> None:
    assert choose_from(359, 3.0) == 359
    assert choose_from(359, 2.2) == 409
