"""Draws of new offers: the same for the same salt, spread as believed, never below nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotions.targeting.core.exploration import draw_effect, liken, measure_effect

NUMBER = st.floats(-5.0, 5.0)


@given(mean=NUMBER, sd=st.floats(0.0, 5.0), salt=st.text(max_size=20))
def test_a_draw_is_repeated_by_its_salt_and_never_negative(
    mean: float, sd: float, salt: str
) -> None:
    drawn = draw_effect(mean, sd, "alice", salt)
    assert drawn >= 0.0
    assert drawn == draw_effect(mean, sd, "alice", salt)


def test_draws_are_spread_as_believed() -> None:
    drawn = np.array([draw_effect(3.0, 0.5, str(one), "seed") for one in range(4_000)])
    assert drawn.mean() == pytest.approx(3.0, abs=0.03)
    assert drawn.std() == pytest.approx(0.5, abs=0.03)
    others = np.array([draw_effect(3.0, 0.5, str(one), "other") for one in range(4_000)])
    assert abs(np.corrcoef(drawn, others)[0, 1]) < 0.05


def test_no_release_changes_a_draw() -> None:
    """What three shoppers drew in November 2026."""
    drawn = [draw_effect(1.0, 0.5, f"shopper-{one}", "seed", "12") for one in range(3)]
    assert drawn == [0.8163962638653985, 1.163657964768572, 0.6935544850335025]


def test_an_effect_nobody_can_tell_is_none() -> None:
    bought, given_it = np.ones(40), np.arange(40) < 20
    assert np.isnan(measure_effect(bought, given_it, np.full(40, 0.1))).all()
    bought, given_it = np.ones(400), np.arange(400) < 200
    assert np.isnan(measure_effect(bought, given_it, np.zeros(400))).all()
    effect, error = measure_effect(bought, given_it, np.full(400, 0.1))
    assert (effect, error > 0.0) == (0.0, True)


@given(st.floats(0.01, 0.9), st.floats(0.01, 0.9), st.booleans())
def test_likeness_is_a_share_and_symmetric(one: float, other: float, same: bool) -> None:
    mine = frozenset({1, 2})
    theirs = mine if same else frozenset({3})
    there = liken([one], [mine], [(other, theirs)])
    back = liken([other], [theirs], [(one, mine)])
    assert there.tolist() == back.tolist()
    assert 0.0 < float(there[0, 0]) <= 1.0
