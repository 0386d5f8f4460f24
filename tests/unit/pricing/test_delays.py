"""Decisions that may still be bought: what they say on average is what they will have said."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.core.demand.served import ServedDemand, example_served
from pricing.core.online import Delays, Evidence, Sightings, learn_from, look_ahead, take_in

ITEMS = 20
HORIZON = 90.0
LEVEL = 0.06
SERVED = replace(
    example_served(),
    variant_id=np.arange(ITEMS),
    elasticity=np.full(ITEMS, 2.0),
    elasticity_sd=np.full(ITEMS, 2.0),
    **{name: np.ones(ITEMS) for name in ("base_log", "usual_minor", "dispersion")},
    is_causal=np.zeros(ITEMS, dtype=np.bool_),
)
FAMILY = np.ones(ITEMS, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Afternoon:
    """Decisions of the last ninety minutes: their ages, and when each is bought, if ever."""

    seen: Sightings
    age: np.ndarray
    delay: np.ndarray

    @property
    def by_now(self) -> Sightings:
        """What is known of them now."""
        return replace(
            self.seen, bought=((self.seen.bought > 0) & (self.delay <= self.age)).astype(float)
        )


def pass_afternoon(rng: np.random.Generator, count: int, truth: float) -> Afternoon:
    """Two rungs by a coin; delays of 25 minutes on average, none beyond the horizon."""
    ratio = np.where(rng.random(count) < 0.5, -0.2, 0.0)
    bought = rng.random(count) < LEVEL * np.exp(-truth * ratio)
    delay = rng.exponential(25.0, count)
    while (late := delay > HORIZON).any():
        delay[late] = rng.exponential(25.0, int(late.sum()))
    variant = rng.integers(0, ITEMS, count)
    seen = Sightings(
        variant_id=variant,
        family_id=np.ones(count, dtype=np.int64),
        category_id=-variant - 1,
        together=np.zeros(count),
        log_ratio=ratio,
        centered=ratio + 0.1,
        interest=np.zeros(count),
        bought=bought.astype(np.float64),
        public_log=np.full(count, np.log(400.0)),
        looks=np.ones(count),
        is_look=np.zeros(count),
        anchor_minor=np.full(count, 400),
    )
    return Afternoon(seen, rng.uniform(0.0, HORIZON, count), delay)


def learned_delays(rng: np.random.Generator) -> Delays:
    """What five thousand past purchases taught."""
    past = pass_afternoon(rng, 80_000, 1.5)
    return Delays.unknown().after(past.delay[past.seen.bought > 0])


def level_of(evidence: Evidence) -> float:
    return float(np.exp(evidence.level).mean())


def believe(evidence: Evidence, served: ServedDemand = SERVED) -> tuple[np.ndarray, np.ndarray]:
    mean, sd, _ = learn_from(served, evidence).elasticities(np.arange(ITEMS), FAMILY)
    return mean, sd


def test_pending_decisions_are_unbiased_where_waiting_for_none_would_not_be() -> None:
    rng = np.random.default_rng(21)
    delays, truth = learned_delays(rng), 3.0
    standard, levels, naive, settled = [], [], [], []
    for _ in range(8):
        now = pass_afternoon(rng, 120_000, truth)
        share = delays.share(now.age, HORIZON)
        ahead, _ = look_ahead(Evidence.nothing(), now.by_now, SERVED, share=share)
        whole = np.ones(len(now.age))
        blind, _ = look_ahead(Evidence.nothing(), now.by_now, SERVED, share=whole)
        known, _ = take_in(Evidence.nothing(), now.seen, SERVED)
        mean, sd = believe(ahead)
        standard += ((mean - truth) / sd).tolist()
        levels.append(level_of(ahead))
        naive.append(level_of(blind))
        settled.append(level_of(known))
    assert np.mean(levels) == pytest.approx(np.mean(settled), rel=0.02)
    # As if all had had their ninety minutes: a quarter of the sales not yet made are believed lost.
    assert np.mean(naive) < 0.8 * np.mean(settled)
    assert abs(np.mean(standard)) < 0.35
    assert 0.85 <= np.mean(np.abs(standard) < 1.645) <= 1.0


def test_the_mean_score_is_zero_at_every_age() -> None:
    rng = np.random.default_rng(22)
    delays = learned_delays(rng)
    now = pass_afternoon(rng, 600_000, 2.0)
    rate = LEVEL * np.exp(-2.0 * now.seen.log_ratio)
    surprise = now.by_now.bought - delays.share(now.age, HORIZON) * rate
    edges = np.linspace(0.0, HORIZON, 7)
    group = np.digitize(now.age, edges) - 1
    for age in range(6):
        part = surprise[group == age]
        assert abs(part.mean()) < 4.0 * part.std() / np.sqrt(len(part)) + 0.02 * LEVEL


def test_doubt_about_pending_decisions_is_larger_and_ends_where_all_is_known() -> None:
    rng = np.random.default_rng(23)
    now = pass_afternoon(rng, 20_000, 2.0)
    share = learned_delays(rng).share(now.age, HORIZON)
    ahead, _ = look_ahead(Evidence.nothing(), now.by_now, SERVED, share=share)
    ripe, _ = look_ahead(Evidence.nothing(), now.seen, SERVED, share=np.ones(len(now.age)))
    known, _ = take_in(Evidence.nothing(), now.seen, SERVED)
    assert (believe(ahead)[1] > believe(known)[1]).all()
    assert np.array_equal(ripe.weighted, known.weighted)
    assert np.array_equal(ripe.precision, known.precision)


def test_looking_ahead_leaves_what_is_settled_alone_and_alarms_deaf() -> None:
    rng = np.random.default_rng(24)
    settled, _ = take_in(Evidence.nothing(), pass_afternoon(rng, 5_000, 2.0).seen, SERVED)
    before = {name: one.copy() for name, one in settled.arrays().items()}
    now = pass_afternoon(rng, 50_000, 8.0)
    ahead, report = look_ahead(settled, now.by_now, SERVED, share=np.ones(len(now.age)))
    assert all(np.array_equal(one, before[name]) for name, one in settled.arrays().items())
    assert np.array_equal(ahead.alarm, settled.alarm)
    assert (len(report.alarmed), report.exposures) == (0, 50_000)
    assert report.purchases == int(now.by_now.bought.sum())


def test_what_moved_is_told_against_what_was_told_last() -> None:
    rng = np.random.default_rng(25)
    now = pass_afternoon(rng, 60_000, 5.0)
    share = np.ones(len(now.age))
    first, told = look_ahead(Evidence.nothing(), now.by_now, SERVED, share=share)
    assert told.moved.tolist() == list(range(ITEMS))
    _, again = look_ahead(Evidence.nothing(), now.by_now, SERVED, share=share, sent=first)
    assert again.moved.tolist() == []


def test_what_was_settled_before_anybody_was_told_is_told_once() -> None:
    """A first run, or one after a long rest: nothing was pending when it was settled."""
    rng = np.random.default_rng(8)
    seen = pass_afternoon(rng, 60_000, truth=4.0).seen
    known, settled = take_in(Evidence.nothing(), seen, SERVED)
    assert len(settled.moved)
    nothing = Sightings(*(getattr(seen, name)[:0] for name in Sightings.__annotations__))
    ahead, told = look_ahead(known, nothing, SERVED, share=np.zeros(0), sent=Evidence.nothing())
    assert told.moved.tolist() == settled.moved.tolist()
    _, again = look_ahead(known, nothing, SERVED, share=np.zeros(0), sent=ahead)
    assert again.moved.tolist() == []


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
