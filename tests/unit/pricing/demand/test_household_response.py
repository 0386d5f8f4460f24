"""Whether households respond differently is found where it is so, and only there."""

from __future__ import annotations

import numpy as np
import pytest

from pricing.demand.core.household_response import (
    NEVER,
    PLANTED,
    PRICE,
    example_timings,
    judge_households,
)


def test_a_planted_response_is_found_and_its_size_too() -> None:
    found = judge_households(example_timings(np.random.default_rng(1), 0.8), draws=1)
    assert found.is_real
    assert found.gain > found.low > 0.0
    assert found.weights == pytest.approx([0.8, 0.0], abs=0.3)
    assert (found.households, found.weight) == (400, found.weights[0])


def test_the_test_finds_nothing_where_nothing_is() -> None:
    timings = example_timings(np.random.default_rng(2), 0.0, households=1_000)
    found = judge_households(timings, draws=5)
    assert not found.is_real
    assert found.false_share == 0.0
    assert found.power >= 0.6
    assert found.weight < 0.2


def test_who_responds_less_never_pays_more() -> None:
    found = judge_households(example_timings(np.random.default_rng(6), -0.8), draws=1)
    assert not found.is_real
    assert (found.weights >= 0.0).all()
    assert found.weight < 0.05


def test_a_response_to_display_is_not_a_response_to_price() -> None:
    rng = np.random.default_rng(7)
    timings = example_timings(rng, 0.0)
    # Where products are cheap they are displayed, and the display alone draws some households more.
    timings.moves[:, :, 1] = timings.moves[:, :, PRICE] < 0
    tilt = 1.2 * timings.signals[:, :1] * timings.moves[:, :, 1] + timings.offset
    chance = np.exp(tilt) / np.exp(tilt).sum(axis=1, keepdims=True)
    count = timings.bought.sum(axis=1).astype(int)
    timings.bought[:] = rng.multinomial(count, chance)
    assert not judge_households(timings, draws=1).is_real


def test_weeks_without_a_trip_say_nothing() -> None:
    timings = example_timings(np.random.default_rng(8), 0.8)
    before = judge_households(timings, draws=1)
    idle = timings.bought.sum(axis=0) < 0
    timings.offset[:, idle] = NEVER
    away = np.random.default_rng(9).random(timings.bought.shape) < 0.2
    timings.offset[away & (timings.bought == 0)] = NEVER
    after = judge_households(timings, draws=1)
    assert after.weight == pytest.approx(before.weight, abs=0.35)
    assert after.weight > PLANTED
