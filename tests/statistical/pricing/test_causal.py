"""Elasticities where prices follow demand: what randomised item-weeks repair, on known truth.

The seeds here are not those the settings were chosen on.
"""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor

from pricing.core.demand.causal import residualized_elasticity
from pricing.core.demand.debias import observational_elasticity, shock_debias
from tests.statistical.pricing.endogenous import CONTROLS, make_endogenous

pytestmark = [pytest.mark.statistical]
SEEDS = range(100, 140)


def score(elasticity: np.ndarray, sd: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Return mean absolute percentage error and coverage of 90 % intervals."""
    error = np.abs(elasticity - truth)
    return float(np.mean(error / np.abs(truth))), float(np.mean(error < 1.645 * sd))


def debiased(seed: int, share: float) -> tuple[float, float]:
    """Return the score of `shock_debias` in one market."""
    frame, truth = make_endogenous(seed, share)
    pairs = residualized_elasticity(frame, controls=CONTROLS, instruments=["cost"])
    found = shock_debias(pairs)
    assert (found.elasticity < 0).all()
    return score(found.elasticity, found.sd, truth)


def test_five_percent_randomised_weeks_give_elasticities_within_18_percent() -> None:
    scores = np.array([debiased(seed, 0.05) for seed in SEEDS])
    assert scores[:, 0].mean() <= 0.18
    assert 0.88 <= scores[:, 1].mean() <= 0.92


def test_more_randomised_weeks_are_better_and_fewer_worse() -> None:
    two, ten = (
        np.array([debiased(seed, share) for seed in list(SEEDS)[::2]]).mean(axis=0)
        for share in (0.02, 0.10)
    )
    assert two[0] <= 0.24
    assert ten[0] <= 0.175
    assert 0.85 <= two[1] <= 0.93
    assert 0.87 <= ten[1] <= 0.93


def test_without_random_prices_machine_learning_is_badly_wrong_and_sure_of_it() -> None:
    rows = []
    for seed in list(SEEDS)[:6]:
        frame, truth = make_endogenous(seed, 0.0)
        pairs = residualized_elasticity(frame, controls=CONTROLS, instruments=["cost"])
        shrunk = observational_elasticity(pairs)
        raw_sd = np.sqrt(pairs.covariance[:, 0, 0])
        rows.append(
            (
                *score(pairs.slope[:, 0], raw_sd, truth),
                float(np.mean(pairs.slope[:, 0] > 0)),
                *score(shrunk.elasticity, shrunk.sd, truth),
            )
        )
        assert not shrunk.is_randomized.any()
    error, coverage, wrong, shrunk_error, shrunk_coverage = np.mean(rows, axis=0)
    assert 0.7 <= error <= 1.05
    assert coverage <= 0.40
    assert 0.2 <= wrong <= 0.5
    assert 0.6 <= shrunk_error <= 0.95
    assert shrunk_coverage <= 0.05


def test_a_forecasters_price_slope_is_no_elasticity() -> None:
    errors, wrong = [], []
    for seed in list(SEEDS)[:3]:
        frame, truth = make_endogenous(seed, 0.05)
        features = frame[["item", "log_price", *CONTROLS]]
        trees = HistGradientBoostingRegressor(max_iter=100, random_state=0)
        trees.fit(features, frame.log_sales)
        up = trees.predict(features.assign(log_price=features.log_price + 0.05))
        down = trees.predict(features.assign(log_price=features.log_price - 0.05))
        slope = ((up - down) / 0.1).reshape(len(truth), -1).mean(axis=1)
        errors.append(np.mean(np.abs(slope - truth) / np.abs(truth)))
        wrong.append(np.mean(slope > 0))
    assert np.mean(errors) > 0.8
    assert np.mean(wrong) > 0.2


def test_without_a_shock_the_badge_is_observational_and_the_interval_admits_it() -> None:
    frame, truth = make_endogenous(100, 0.0)
    pairs = residualized_elasticity(frame, controls=CONTROLS, instruments=["cost"])
    blind = shock_debias(pairs)
    assert set(blind.badges) == {"observational"}
    assert blind.sd.mean() > 0.7
    assert score(blind.elasticity, blind.sd, truth)[1] > 0.95
