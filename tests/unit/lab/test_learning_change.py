"""Whether demand has changed: the evidence for it, when it rings, and what the past counts then."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom, poisson

from shop.lab.agent import AdaptivePolicy, Context, Outcomes
from shop.lab.agent.change import (
    CERTAINTY,
    MOVED,
    TIMES_USUAL,
    ChangeAlarm,
    weigh_change,
)


@given(
    st.lists(st.tuples(st.floats(0.01, 50.0), st.integers(0, 90)), min_size=1, max_size=9),
)
def test_moved_levels_are_weighed_as_negative_binomial_against_poisson(
    cells: list[tuple[float, int]],
) -> None:
    expected, bought = (np.array(one, dtype=float) for one in zip(*cells, strict=True))
    moved = nbinom(MOVED, MOVED / (MOVED + expected)).logpmf(bought)
    told = (moved - poisson(expected).logpmf(bought)).sum()
    assert weigh_change(expected, bought) == pytest.approx(told, abs=1e-6)


def test_where_demand_moves_all_the_time_more_is_asked_for() -> None:
    alarm = ChangeAlarm()
    assert not any(alarm.update(CERTAINTY - 0.1) for _ in range(40))
    assert alarm.usual == pytest.approx(CERTAINTY - 0.1, abs=0.01)
    assert not alarm.update(CERTAINTY + TIMES_USUAL * alarm.usual - 0.1)
    calm = ChangeAlarm()
    assert not any(calm.update(-50.0) for _ in range(40))
    assert calm.usual == 0.0, "evidence against a change is no credit"
    assert calm.update(CERTAINTY)


def test_only_what_was_bought_of_late_is_looked_at() -> None:
    """Two products swap what they sell: seen in the last 150 purchases, not in those before."""
    alarm, none = ChangeAlarm(), np.zeros(2, dtype=np.int64)
    for _ in range(40):
        alarm.watch(np.arange(2), none, np.array([8.0, 2.0]), np.array([8.0, 2.0]), 50)
    assert alarm.find()[0] < 0.0
    for _ in range(15):
        alarm.watch(np.arange(2), none, np.array([8.0, 2.0]), np.array([2.0, 8.0]), 50)
    sure, visits = alarm.find()
    assert sure > CERTAINTY
    assert visits == 15 * 50
    alarm.forget()
    assert alarm.find() == (-np.inf, 0)


def _live(*, change: bool) -> AdaptivePolicy:
    """Return a policy after 40 days; on day 30 two segments change sides, while sales in sum stay
    what they were."""
    rng = np.random.default_rng(1)
    policy = AdaptivePolicy(random_state=1)
    public, level = np.ones(2), np.array([-0.5, -2.5])
    price_points = np.outer(public, np.linspace(0.8, 1.2, 5))
    for day in range(40):
        segment, item = rng.integers(0, 2, (2, 150))
        context = Context(
            [1, 2],
            public,
            public * 0.5,
            {"segment": np.array(["new", "old"])[segment]},
            shoppers=150,
            time=float(day),
            offered=np.eye(2, dtype=bool)[item],
            rungs=price_points,
        )
        prices = np.tile(rng.choice(price_points[0], (150, 1)), 2)
        if day >= 25:
            prices = policy.propose(context).prices
        of_segment = level[::-1] if change and day >= 30 else level
        paid = prices[np.arange(150), item]
        chance = 1.0 / (1.0 + np.exp(-of_segment[segment] + 3.0 * (paid - 1.0)))
        policy.observe(Outcomes(context, prices, np.where(rng.random(150) < chance, item, -1)))
    return policy


def test_tastes_that_change_sides_ring_though_sales_stay() -> None:
    changed = _live(change=True)
    assert changed.alarms > 0
    trust = changed.learner.seen.trust
    assert trust[0] < 1.0 == trust[-1], "the past counts less, what came since counts whole"
    same = _live(change=False)
    assert same.alarms == 0
    assert (same.learner.seen.trust == 1.0).all()
