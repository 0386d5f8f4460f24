"""Uplift models: find what is known, refuse what they may not know, judge themselves honestly."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import isotonic_regression

from profiles.features.core.registry import FEATURES, FORBIDDEN_WORDS
from promotions.targeting.core.uplift import (
    ALLOWED,
    FeatureRefused,
    ResponseLogit,
    StoredOtherwise,
    TreatmentLog,
    calibrate,
    draw_qini,
    fit_logit,
    make_isotone,
)
from tests.benchmarks.uplift import qini_ratio
from tests.factories.uplift_worlds import ARMS, FloatArray, UpliftWorld, make_world


@lru_cache(maxsize=1)
def _learned() -> tuple[ResponseLogit, UpliftWorld]:
    return ResponseLogit().fit(_trial(make_world(12_000, seed=2))), make_world(12_000, seed=3)


def _trial(world: UpliftWorld) -> TreatmentLog:
    return TreatmentLog.read(world.frame, world.depth, world.outcome, world.propensity)


def _uplift() -> tuple[FloatArray, UpliftWorld]:
    model, served = _learned()
    chance = model.predict(served.frame, ARMS)
    return chance[:, 1:] - chance[:, :1], served


def test_ranks_shoppers_nearly_as_well_as_the_truth() -> None:
    uplift, served = _uplift()
    assert qini_ratio(served, uplift) > 0.85
    # 1,900 shoppers an arm tell a mean effect to some .014, and no model tells it better
    assert uplift.mean(axis=0) == pytest.approx(served.uplift.mean(axis=0), abs=0.05)


def test_a_deeper_discount_never_sells_less_and_chances_are_chances() -> None:
    model, served = _learned()
    chance = model.predict(served.frame, [0.25, 0.0, 0.1])
    assert ((chance >= 0) & (chance <= 1)).all()
    assert (chance[:, 1] <= chance[:, 2]).all()
    assert (chance[:, 2] <= chance[:, 0]).all()


def test_a_stored_model_answers_as_before_and_another_is_refused() -> None:
    model, served = _learned()
    stored = model.pack()
    again = ResponseLogit.unpack(stored).predict(served.frame, ARMS)
    assert np.array_equal(again, model.predict(served.frame, ARMS))
    with pytest.raises(StoredOtherwise, match="train it again"):
        ResponseLogit.unpack({**stored, "mode": np.append(stored["mode"], 0.0)})


def test_calibration_against_the_arm_has_slope_one() -> None:
    uplift, served = _uplift()
    found = calibrate(_trial(served), uplift)
    assert abs(found.slope - 1.0) < 3 * found.slope_sd + 0.1
    assert 0.8 < found.slope < 1.2
    exaggerated = calibrate(_trial(served), 2 * uplift)
    assert exaggerated.slope == pytest.approx(found.slope / 2)
    assert len(found.observed) == 10


def test_a_good_rankings_qini_is_above_a_random_ones() -> None:
    uplift, served = _uplift()
    trial = _trial(served)
    good = draw_qini(trial, uplift[:, 4], 0.25)
    chance = draw_qini(trial, np.random.default_rng(0).random(len(trial.depth)), 0.25)
    assert good.area_interval[0] > 0 > chance.area_interval[0]
    assert chance.area_interval[1] < good.area


def test_protected_and_unknown_features_are_refused() -> None:
    half = np.tile([0.0, 0.1], 300)
    for name in ("age", "income", "shoe_size"):
        with pytest.raises(FeatureRefused, match="may not decide who gets an offer"):
            TreatmentLog.read({"spend": half, name: half}, half, half > 0, half + 0.5)


def test_every_allowed_feature_is_registered_and_none_is_protected() -> None:
    assert set(ALLOWED) - {"goods_affinity", "given_before"} <= set(FEATURES)
    assert not {word for name in ALLOWED for word in name.split("_")} & FORBIDDEN_WORDS


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"chance": 0.0}, "a propensity is above 0"),
        ({"outcome": 2.0}, "an outcome is between 0 and 1"),
        ({"depth": 0.0}, "at least 200 shoppers with and without"),
        ({"spend": np.nan}, "something that is no number"),
    ],
)
def test_refuses_a_trial_that_teaches_nothing(change: dict[str, float], sentence: str) -> None:
    half = np.tile([0.0, 0.1], 300)
    columns = {"spend": half, "depth": half, "outcome": half, "chance": half + 0.5}
    columns |= {name: np.full(600, value) for name, value in change.items()}
    with pytest.raises(ValueError, match=sentence):
        TreatmentLog.read(
            {"spend": columns["spend"]}, columns["depth"], columns["outcome"], columns["chance"]
        )


@settings(max_examples=60, deadline=None)
@given(arrays(float, (3, 5), elements=st.floats(0, 1)))
def test_isotone_is_the_least_squares_one(response: np.ndarray) -> None:
    found = make_isotone(response)
    for row, own in zip(response, found, strict=True):
        assert own == pytest.approx(isotonic_regression(row).x, abs=1e-9)


def test_the_logit_has_the_slope_that_optimisation_by_hand_gives() -> None:
    x = np.column_stack([np.ones(400), np.tile([0.0, 1.0], 200)])
    y = (np.arange(400) % 8 < 3).astype(float)
    mode, _ = fit_logit(x, y, np.array([0.0, 0.0]))
    for at in (0.0, 1.0):
        share = y[x[:, 1] == at].mean()
        assert 1 / (1 + np.exp(-(mode[0] + mode[1] * at))) == pytest.approx(share, abs=1e-4)


def test_arms_of_the_world_are_as_logged() -> None:
    world = make_world(20_000, seed=1)
    for arm, depth in enumerate(ARMS):
        among = world.depth == depth
        assert among.mean() == pytest.approx(world.propensity[among][0], abs=0.015)
        expected = world.chance[:, arm].mean()
        assert world.outcome[among].mean() == pytest.approx(expected, abs=0.03)
