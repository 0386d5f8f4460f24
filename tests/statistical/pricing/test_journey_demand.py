"""The demand champion on a year of real sales, by the fixed protocol."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from pricing.demand.core.metrics import interval_coverage, mean_poisson_deviance, wmape
from pricing.demand.core.training_cells import OWN_PRICE
from tests.statistical.pricing.journey import (
    TRAIN_WEEKS,
    Yardstick,
    find_moved,
    fit_champion,
    load_yardstick,
)

pytestmark = [pytest.mark.statistical, pytest.mark.slow]
# Forecasts from a model that knows weeks up to `cut`, for choosing among models: the train part.
CUTS_FOR_CHOOSING = ((28, 10), (33, 10), (38, 4))


@pytest.fixture(scope="module")
def yardstick() -> Yardstick:
    return load_yardstick()


def score(cells: Yardstick, cut: int, weeks: int) -> tuple[float, float, float]:
    """Return WMAPE, mean Poisson deviance and coverage of 80 % intervals."""
    model, design = fit_champion(cells, cut)
    later = slice(cut, cut + weeks)
    forecast = model.predict_units(design[:, :, later], cells.department)
    low, high = model.predict_interval(forecast, 0.8)
    actual = cells.units[:, :, later]
    return (
        wmape(actual, forecast),
        mean_poisson_deviance(actual, forecast),
        interval_coverage(actual, low, high),
    )


def test_the_yardstick_is_the_one_others_were_measured_on(yardstick: Yardstick) -> None:
    last_four = yardstick.units[:, :, TRAIN_WEEKS - 4 : TRAIN_WEEKS].mean(axis=2, keepdims=True)
    actual = yardstick.units[:, :, TRAIN_WEEKS:]
    forecast = np.broadcast_to(last_four, actual.shape)
    assert wmape(actual, forecast) == pytest.approx(0.600, abs=0.005)
    assert mean_poisson_deviance(actual, forecast) == pytest.approx(5.48, abs=0.10)


def test_the_champion_beats_every_published_model(yardstick: Yardstick) -> None:
    error, deviance, coverage = score(yardstick, TRAIN_WEEKS, 10)
    assert error <= 0.470
    assert deviance <= 3.05
    assert 0.75 <= coverage <= 0.90


def test_the_champion_holds_on_earlier_cuts_too(yardstick: Yardstick) -> None:
    scores = np.array([score(yardstick, cut, weeks) for cut, weeks in CUTS_FOR_CHOOSING])
    assert scores[:, 0].mean() <= 0.44
    assert scores[:, 1].mean() <= 2.75


def test_elasticities_are_negative_and_agree_with_an_econometrics_package(
    yardstick: Yardstick,
) -> None:
    model, design = fit_champion(yardstick)
    moved = find_moved(yardstick, 0.02)
    raw = -model.coef_[:, OWN_PRICE]
    assert np.mean(model.elasticity_[moved] > 0) == 1.0
    assert np.mean(raw[moved] > 0) >= 0.95
    # Where the data speak loudly pooling changes little: there both must say the same.
    sd = np.sqrt(model.covariance_[:, OWN_PRICE, OWN_PRICE])
    sure = [item for item in np.argsort(sd) if moved[item]][:30]
    alone = np.array([_glm(yardstick, design, item) for item in sure])
    assert np.corrcoef(alone, raw[sure])[0, 1] > 0.85
    assert np.median(np.abs(alone - raw[sure])) < 0.25


def _glm(cells: Yardstick, design: np.ndarray, item: int) -> float:
    """Return the elasticity of one product by statsmodels' Poisson GLM with cluster intercepts."""
    past = design[item, :, :TRAIN_WEEKS]
    clusters = np.repeat(np.eye(past.shape[0]), TRAIN_WEEKS, axis=0)
    covariates = np.concatenate([clusters, past[:, :, 1:].reshape(len(clusters), -1)], axis=1)
    used = covariates.std(axis=0) > 0
    counts = cells.units[item, :, :TRAIN_WEEKS].ravel()
    fitted = sm.GLM(counts, covariates[:, used], family=sm.families.Poisson()).fit()
    return float(-fitted.params[used[: past.shape[0] + 1].sum() - 1])
