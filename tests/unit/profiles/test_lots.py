"""Lots: as likely as was said, sticky, independent; and no release moves anybody."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import sha256
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from profiles.experiments.core.assignment import SLOTS
from profiles.experiments.core.switchback import draw_cells
from profiles.lots import (
    Purpose,
    draw_evenly,
    draw_lot,
    draw_percents,
    draw_slot,
    is_first_of_pair,
    is_in_share,
)

UNITS = [f"shopper-{one}" for one in range(2_000)]
LADDER = (0.05, 0.02, 0.02, 0.91)
# Of 1,000 samples with fixed seeds one is further out than this.
RARE = 0.001

chances = st.lists(st.integers(0, 20), min_size=2, max_size=7).filter(sum)


def fold(drawn: Iterable[int]) -> str:
    return sha256(np.array(list(drawn), dtype=np.int64).tobytes()).hexdigest()[:16]


@pytest.mark.parametrize(
    ("draw", "kept"),
    [
        (lambda unit: draw_lot(LADDER, unit, Purpose.ARM, "s1").place, "bb26b511d973e4b6"),
        (lambda unit: draw_slot(unit, SLOTS, Purpose.EXPERIMENT, "layer"), "997a701f48a3fc80"),
        (
            lambda unit: is_in_share(unit, 0.3, Purpose.EXPERIMENT_HOLDOUT, "everything"),
            "80182bdc28b6864b",
        ),
        (lambda unit: is_in_share(unit, 0.3, Purpose.PRICE_HOLDOUT), "ecdbdd5f1093189c"),
        (lambda unit: is_in_share(unit, 0.3, Purpose.TRIAL, "ab12"), "f0349d2898361da9"),
        (lambda unit: is_in_share(unit, 0.3, Purpose.CAMPAIGN_HOLDOUT, "7"), "0b23d7178481e773"),
        (lambda unit: is_in_share(unit, 0.3, Purpose.NEW_OFFER, "s"), "0204d6efb9e924d5"),
        (lambda unit: is_in_share(unit, 0.3, Purpose.JUDGE), "15d91ff2b072d9d7"),
    ],
)
def test_nobody_changes_arm(draw: Callable[[str], int], kept: str) -> None:
    """What 2,000 shoppers drew in November 2026, for each purpose: it is the same for ever."""
    assert fold(draw(unit) for unit in UNITS) == kept


def test_no_good_changes_its_draw() -> None:
    """What 5,000 products drew in the first week of 1970, and with seeds of their own; what 40
    clusters drew in 12 turns."""
    assert fold(draw_cells("salt", 40, 12).ravel().tolist()) == "c5729a7f77cc4c8c"
    ids, first_week = np.arange(1, 5_001), 8630565606423353302
    assert fold(draw_percents(first_week, ids)) == "195337b25565acb0"
    assert fold(draw_percents(np.arange(5_000, dtype=np.uint64), ids)) == "3b1657497827b477"


@given(st.integers(0, 300), st.floats(0.0, 1.0), st.text(max_size=8))
def test_an_even_draw_takes_its_share_in_both_directions(
    count: int, share: float, turn: str
) -> None:
    drawn = draw_evenly(np.arange(count), share, seed="us/online", group="g", turn=turn)
    taken = abs(drawn).sum()
    assert abs(taken - share * count) < 1.0 + 1e-9
    assert abs(drawn.sum()) <= 1


@given(chances, st.text(max_size=30), st.text(max_size=10))
def test_a_lot_is_sticky_and_tells_every_chance(weights: list[int], unit: str, salt: str) -> None:
    shares = [one / sum(weights) for one in weights]
    lot = draw_lot(shares, unit, salt)
    assert lot == draw_lot(shares, unit, salt)
    assert lot.chances == tuple(shares)
    assert lot.chances[lot.place] > 0.0


@given(chances, st.integers(0, 10**6))
def test_alternatives_are_drawn_as_often_as_their_chances_say(
    weights: list[int], salt: int
) -> None:
    expected = np.array(weights) / sum(weights) * 600
    shares = (expected / 600).tolist()
    drawn = [draw_lot(shares, unit, f"frequency {salt}").place for unit in UNITS[:600]]
    count, told = np.bincount(drawn, minlength=len(weights)), expected > 0.0
    assert not count[~told].any()
    apart = ((count - expected)[told] ** 2 / expected[told]).sum()
    # Hypothesis looks at a hundred salts and goes for the worst: a bound for all of them together.
    assert apart <= chi2.isf(RARE / 1_000, max(1, told.sum() - 1))


@given(st.text(max_size=30), st.floats(0, 1), st.floats(0, 1))
def test_whoever_is_in_a_share_is_in_every_larger_one(unit: str, one: float, two: float) -> None:
    small, large = sorted((one, two))
    assert is_in_share(unit, small, "salt") <= is_in_share(unit, large, "salt")


def test_a_widening_ramp_keeps_who_was_in() -> None:
    """With more for the first alternative nobody leaves it."""
    ramp = [
        {unit for unit in UNITS if draw_lot((share, 1.0 - share), unit, "ramp").place == 0}
        for share in (0.01, 0.05, 0.2, 1.0)
    ]
    assert all(small < large for small, large in pairwise(ramp))


def test_draws_for_two_purposes_or_with_two_salts_are_independent() -> None:
    """No pair of purposes, and no pair of salts, goes together more than chance lets it."""
    inside = np.array(
        [[is_in_share(unit, 0.5, purpose, "salt") for unit in UNITS] for purpose in Purpose]
        + [[is_in_share(unit, 0.5, Purpose.ARM, "other") for unit in UNITS]]
    )
    both = np.corrcoef(inside.astype(float))[np.triu_indices(len(inside), 1)]
    # Correlations of 2,000 independent draws have a standard deviation of 0.022: four of them.
    assert len(both) == 91
    assert abs(both).max() < 4.0 / np.sqrt(len(UNITS))


@given(st.integers(0, 10**6), st.text(max_size=10), st.text(max_size=10))
def test_a_pair_of_turns_has_a_fair_coin(pair: int, salt: str, cluster: str) -> None:
    first = is_first_of_pair(pair, Purpose.TURN, salt, cluster)
    assert first == is_first_of_pair(pair, Purpose.TURN, salt, cluster)
    assert first == (draw_lot((0.5, 0.5), str(pair), Purpose.TURN, salt, cluster).place == 0)
