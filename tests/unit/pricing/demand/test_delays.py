"""Decisions that may still be bought: what they say on average is what they will have said."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.base.core.values import BoolArray, FloatArray
from pricing.demand.core.choice import Impressions, fit_choice, update_choice
from pricing.learning.core.since import Delays

HORIZON = 90.0
LEVEL = 0.06


@dataclass(frozen=True, slots=True)
class Afternoon:
    """Decisions of the last ninety minutes: the log of what was drawn, whether each is ever bought,
    how old it is, and after how long it is bought."""

    ratio: FloatArray
    is_bought: BoolArray
    age: FloatArray
    delay: FloatArray

    @property
    def by_now(self) -> FloatArray:
        """What was bought by now."""
        return (self.is_bought & (self.delay <= self.age)).astype(np.float64)

    def see(self, bought: FloatArray, share: FloatArray) -> Impressions:
        """Return the decisions as impressions of which a share counts."""
        none = np.zeros(len(bought), dtype=np.int64)
        return Impressions.of(
            set_id=np.arange(len(bought)), item=none, category=none, family=none,
            log_price=self.ratio, bought=bought, weight=np.maximum(share, bought),
        ).condense()  # fmt: skip


def pass_afternoon(rng: np.random.Generator, count: int, truth: float) -> Afternoon:
    """Two price points by a coin; delays of 25 minutes on average, none beyond the horizon."""
    ratio = np.where(rng.random(count) < 0.5, -0.2, 0.0)
    bought = rng.random(count) < LEVEL * np.exp(-truth * ratio)
    delay = rng.exponential(25.0, count)
    while (late := delay > HORIZON).any():
        delay[late] = rng.exponential(25.0, int(late.sum()))
    return Afternoon(ratio, bought, rng.uniform(0.0, HORIZON, count), delay)


def learned_delays(rng: np.random.Generator) -> Delays:
    """What five thousand past purchases taught."""
    past = pass_afternoon(rng, 80_000, 1.5)
    return Delays.unknown().after(past.delay[past.is_bought])


def test_the_mean_score_is_zero_at_every_age() -> None:
    rng = np.random.default_rng(22)
    delays = learned_delays(rng)
    now = pass_afternoon(rng, 600_000, 2.0)
    rate = LEVEL * np.exp(-2.0 * now.ratio)
    surprise = now.by_now - delays.share(now.age, HORIZON) * rate
    edges = np.linspace(0.0, HORIZON, 7)
    group = np.digitize(now.age, edges) - 1
    for age in range(6):
        part = surprise[group == age]
        assert abs(part.mean()) < 4.0 * part.std() / np.sqrt(len(part)) + 0.02 * LEVEL


def test_pending_decisions_say_what_settled_ones_will_have_said() -> None:
    """As if nobody bought later, a quarter of the sales not yet made are believed lost."""
    rng = np.random.default_rng(21)
    delays = learned_delays(rng)
    past = pass_afternoon(rng, 3_000, 3.0)
    night = fit_choice(past.see(past.is_bought.astype(np.float64), np.ones(3_000)))
    now = pass_afternoon(rng, 120_000, 3.0)
    whole, share = np.ones(120_000), delays.share(now.age, HORIZON)
    settled, pending, naive = (
        update_choice(night, now.see(bought, counted))
        for bought, counted in (
            (now.is_bought.astype(np.float64), whole), (now.by_now, share), (now.by_now, whole)
        )
    )  # fmt: skip
    level, slope = settled.at.item[0]
    assert pending.at.item[0] == pytest.approx([level, slope], abs=0.06)
    assert naive.at.item[0, 0] < level - 0.2
    assert pending.doubt.item[0, 1, 1] > settled.doubt.item[0, 1, 1]


@given(
    st.lists(st.floats(0.0, 2_000.0), max_size=30),
    st.lists(st.floats(0.0, 200.0), min_size=2, max_size=20),
    st.floats(1.0, 1_440.0),
)
def test_shares_grow_with_age_to_the_whole(
    minutes: list[float], ages: list[float], horizon: float
) -> None:
    delays = Delays.unknown().after(np.array(minutes))
    share = delays.share(np.array(sorted(ages)), horizon)
    assert ((share > 0.0) & (share <= 1.0)).all()
    assert (np.diff(share) >= 0.0).all()
    assert delays.share(np.array([horizon]), horizon).tolist() == [1.0]


def test_old_delays_fade_and_arrays_hold_them() -> None:
    delays = Delays.unknown().after(np.array([5.0, 5.0])).after(np.array([7.0]), days=30.0)
    assert delays.count[[5, 7]].tolist() == [1.0, 1.0]
    assert np.array_equal(Delays.from_arrays(delays.arrays()).count, delays.count)
    assert Delays.from_arrays({}).count.sum() == 0.0
