"""The demand model: right by an econometrics package, right on known truth, honest about doubt."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import norm

from pricing.base.core.reference import PriceSeries
from pricing.demand.core.cells import (
    Placements,
    Sales,
    placement_matrices,
    price_matrix,
    units_matrix,
)
from pricing.demand.core.metrics import interval_coverage, mean_poisson_deviance, wmape
from pricing.demand.core.pooled import Cells, PooledPoisson, Prior, fit_newton
from pricing.demand.core.served import ServedDemand, serve
from pricing.demand.core.shrink import positive_moments
from pricing.demand.core.slopes import Demand, expect_units, price_grid
from pricing.demand.core.training import find_refusal, train
from pricing.demand.core.training_cells import OWN_PRICE, TrainingCells
from pricing.optimum.core.signals import SignalWeights
from shop.ground.kernel.arrays import hash_arrays, pack_arrays, unpack_arrays

ITEMS, WEEKS, FAMILIES = 120, 60, 8


def simulate(
    seed: int, items: int = ITEMS
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return design (N, 1, W, 3), units, families and true elasticities of a small market."""
    rng = np.random.default_rng(seed)
    family = rng.integers(0, FAMILIES, items)
    truth = np.abs(rng.normal(1.2 + 0.15 * family, 0.35))
    price = rng.choice([0.0, 0.0, -0.1, -0.25], (items, 1, WEEKS))
    display = (rng.random((items, 1, WEEKS)) < 0.1).astype(float)
    base = rng.normal(1.6, 0.7, items)
    eta = base[:, None, None] - truth[:, None, None] * price + 0.5 * display
    design = np.stack([np.ones_like(price), price, display], axis=-1)
    return design, rng.poisson(np.exp(eta)).astype(float), family, truth


def test_newton_agrees_with_statsmodels_item_by_item() -> None:
    design, units, _, _ = simulate(1, items=12)
    size = design.shape[-1]
    flat = Prior(np.zeros((12, size)), np.eye(size) * 1e-10)
    cells = Cells(design[:, 0], units[:, 0], np.zeros((12, WEEKS)), np.ones((12, WEEKS)))
    mode, covariance = fit_newton(cells, flat, np.ones(12), np.zeros((12, size)), steps=50)
    for item in range(12):
        fitted = sm.GLM(units[item, 0], design[item, 0], family=sm.families.Poisson()).fit()
        assert mode[item] == pytest.approx(fitted.params, abs=1e-6)
        assert np.sqrt(np.diag(covariance[item])) == pytest.approx(fitted.bse, rel=1e-5)


def test_pooling_beats_separate_regressions_on_known_truth() -> None:
    design, units, family, truth = simulate(2)
    pooled = PooledPoisson().fit(design, units, family, np.zeros(ITEMS, dtype=np.int64))
    alone = []
    for item in range(ITEMS):
        fitted = sm.GLM(units[item, 0], design[item, 0], family=sm.families.Poisson()).fit()
        alone.append(-fitted.params[OWN_PRICE])
    error = np.abs(pooled.elasticity_ - truth).mean()
    assert error < 0.75 * np.abs(np.array(alone) - truth).mean()
    assert error < 0.3


def test_ninety_percent_intervals_hold_ninety_percent_of_the_truth() -> None:
    inside = []
    for seed in range(5):
        design, units, family, truth = simulate(10 + seed)
        model = PooledPoisson().fit(design, units, family, np.zeros(ITEMS, dtype=np.int64))
        raw, sd = -model.coef_[:, OWN_PRICE], np.sqrt(model.covariance_[:, OWN_PRICE, OWN_PRICE])
        inside.append(np.abs(raw - truth) < norm.ppf(0.95) * sd)
    assert np.mean(inside) == pytest.approx(0.90, abs=0.04)


def test_every_elasticity_is_positive_and_wrong_signs_are_reported() -> None:
    rng = np.random.default_rng(5)
    design, units, family, _ = simulate(5)
    noise = rng.poisson(0.3, units.shape).astype(float)
    model = PooledPoisson().fit(design, noise, family, np.zeros(ITEMS, dtype=np.int64))
    assert (model.elasticity_ > 0).all()
    assert 0.0 <= model.wrong_sign_share_ <= 1.0
    assert model.elasticity_sd_.min() > 0


def test_the_truncated_normal_is_what_draws_say() -> None:
    draws = np.random.default_rng(6).normal(0.3, 0.8, 2_000_000)
    kept = draws[draws > 0]
    mean, sd = positive_moments(np.array([0.3]), np.array([0.8]))
    assert float(mean[0]) == pytest.approx(kept.mean(), abs=2e-3)
    assert float(sd[0]) == pytest.approx(kept.std(), abs=2e-3)


def test_forecasts_follow_the_level_of_the_last_weeks() -> None:
    rng = np.random.default_rng(7)
    design = np.stack([np.ones((40, 1, 50)), np.zeros((40, 1, 50))], axis=-1)
    rate = np.where(np.arange(50) < 42, 10.0, 16.0)
    units = rng.poisson(np.broadcast_to(rate, (40, 1, 50))).astype(float)
    nobody = np.zeros(40, dtype=np.int64)
    # A season of its own would explain the jump away: only the level may follow it here.
    model = PooledPoisson(season_prior=1e12).fit(design, units, nobody, nobody)
    forecast = model.predict_units(design[:, :, :4], nobody)
    assert forecast.mean() == pytest.approx(14.0, abs=1.5)


def test_prediction_intervals_cover_new_weeks() -> None:
    design, units, family, _ = simulate(8)
    nobody = np.zeros(ITEMS, dtype=np.int64)
    model = PooledPoisson().fit(design[:, :, :50], units[:, :, :50], family, nobody)
    forecast = model.predict_units(design[:, :, 50:], nobody)
    low, high = model.predict_interval(forecast, 0.8)
    assert interval_coverage(units[:, :, 50:], low, high) == pytest.approx(0.85, abs=0.06)


def test_garbage_is_refused_by_name() -> None:
    design, units, family, _ = simulate(9)
    nobody = np.zeros(ITEMS, dtype=np.int64)
    broken = units.copy()
    broken[0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="finite"):
        PooledPoisson().fit(design, broken, family, nobody)
    with pytest.raises(ValueError, match="fit together"):
        PooledPoisson().fit(design[:, :, 1:], units, family, nobody)


def cells(seed: int, items: int = 48) -> TrainingCells:
    design, units, family, _ = simulate(seed, items)
    return TrainingCells(
        variant_id=np.arange(1, items + 1),
        units=units[:, 0],
        price_minor=np.exp(design[:, 0, :, OWN_PRICE]) * 400,
        display=design[:, 0, :, 2],
        mailer=np.zeros((items, WEEKS)),
        on_sale=np.ones((items, WEEKS)),
        family=family,
        family_id=np.arange(FAMILIES) + 50,
        department=np.zeros(items, dtype=np.int64),
        department_id=np.array([9]),
        week_of_year=np.arange(WEEKS) % 53,
    )


def test_training_is_measured_on_unseen_weeks_and_served_from_arrays() -> None:
    trained = train(cells(12), SignalWeights(), lambda _: None)
    assert trained.refusal == ""
    assert trained.metrics["held_out_weeks"] == 8
    assert 0 < trained.metrics["wmape"] < 0.6
    arrays = trained.served.arrays()
    again = ServedDemand.from_arrays(unpack_arrays(pack_arrays(arrays)))
    assert hash_arrays(again.arrays()) == hash_arrays(arrays)
    mean, sd, depth = again.elasticities(np.array([1, 999, 999]), np.array([50, 51, 777]))
    assert depth.tolist() == [0, 1, 2]
    assert (mean > 0).all()
    assert (sd > 0).all()


def test_a_model_with_broken_numbers_is_refused() -> None:
    trained = train(cells(13), SignalWeights(), lambda _: None)
    trained.served.elasticity[0] = np.nan
    assert find_refusal(trained.served, trained.metrics) != ""
    assert find_refusal(trained.served, {"wmape": float("nan")}) != ""


def test_a_shop_that_sells_nothing_trains_to_the_prior() -> None:
    few = cells(14, items=5)
    trained = train(few, SignalWeights(), lambda _: None)
    mean, _, depth = trained.served.elasticities(np.array([1]), np.array([50]))
    assert (mean.tolist(), depth.tolist()) == ([1.5], [2])


def test_cells_are_dense_and_prices_carry_forward() -> None:
    sales = Sales(
        item=np.array([0, 0, 1]),
        week=np.array([1, 3, 2]),
        units=np.array([2.0, 4.0, 5.0]),
        revenue_minor=np.array([800.0, 1_400.0, 1_000.0]),
    )
    units, on_sale = units_matrix(sales, 2, 5)
    assert units.tolist() == [[0, 2, 0, 4, 0], [0, 0, 5, 0, 0]]
    assert on_sale.tolist() == [[0, 1, 1, 1, 1], [0, 0, 1, 1, 1]]
    series = PriceSeries(np.array([0, 2, 2]), np.array([5, 26]), np.array([400, 350]))
    prices = price_matrix(series, sales, np.arange(5) * 10 + 5)
    assert prices.tolist() == [[400, 400, 380, 350, 350], [200, 200, 200, 200, 200]]
    placed = Placements(np.array([1]), np.array([2]), np.array([0.5]), np.array([0.25]))
    display, mailer = placement_matrices(placed, 2, 5)
    assert (display.sum(), mailer[1, 2]) == (0.5, 0.25)


def test_a_weeks_price_is_the_ledgers_mean_over_its_moments() -> None:
    rng = np.random.default_rng(3)
    counts = rng.integers(0, 12, 30)
    starts = [np.unique(rng.integers(-50, 130, count)) for count in counts]
    amounts = [rng.integers(100, 500, len(one)) for one in starts]
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in starts])])
    series = PriceSeries(offsets, np.concatenate(starts), np.concatenate(amounts))
    nothing = np.zeros(0)
    none = Sales(nothing.astype(np.int64), nothing.astype(np.int64), nothing, nothing)
    prices = price_matrix(series, none, np.arange(10) * 10 + 5)
    for item, (start, amount) in enumerate(zip(starts, amounts, strict=True)):
        at = np.searchsorted(start, np.arange(100), side="right") - 1
        held = np.where(at >= 0, np.append(amount, 0)[at], np.nan).reshape(10, 10)
        known = np.isfinite(held).sum(axis=1) >= 5
        assert prices[item, known] == pytest.approx(np.nanmean(held[known], axis=1))


def test_prices_moving_within_weeks_do_not_hide_the_elasticity() -> None:
    rng, items, weeks, true = np.random.default_rng(5), 200, 20, 3.0
    daily = np.exp(rng.choice([-0.17, 0.0, 0.17], (items, weeks * 7)))
    units = rng.poisson(2.0 * daily**-true).reshape(items, weeks, 7).sum(axis=2).astype(float)
    day = 86_400
    series = PriceSeries(
        np.arange(items + 1) * weeks * 7,
        np.tile(np.arange(weeks * 7) * day, items),
        np.rint(1_000 * daily).astype(np.int64).ravel(),
    )
    item, week = np.nonzero(units)
    sales = Sales(item, week, units[item, week], units[item, week] * 1_000.0)
    price = price_matrix(series, sales, np.arange(weeks) * 7 * day + 7 * day // 2)
    log_ratio = np.log(price / 1_000.0)[:, None, :]
    design = np.stack([np.ones_like(log_ratio), log_ratio], axis=-1)
    nobody = np.zeros(items, dtype=np.int64)
    model = PooledPoisson().fit(design, units[:, None, :], nobody, nobody)
    assert model.elasticity_.mean() == pytest.approx(true, abs=0.25)


def test_where_no_price_moved_the_prior_stays() -> None:
    units = np.random.default_rng(6).poisson(10.0, (60, 1, 12)).astype(float)
    design = np.stack([np.ones_like(units), np.zeros_like(units)], axis=-1)
    nobody = np.zeros(60, dtype=np.int64)
    model = PooledPoisson().fit(design, units, nobody, nobody)
    believed = positive_moments(np.array([1.5]), np.array([0.8]))
    assert model.elasticity_ == pytest.approx(np.full(60, believed[0][0]), rel=0.05)
    assert model.elasticity_sd_ == pytest.approx(np.full(60, believed[1][0]), rel=0.15)


def test_a_demand_curve_falls_and_its_band_widens() -> None:
    grid = price_grid(400)
    mean, low, high = expect_units(Demand(2_000.0, 400.0, 1.8, 0.4, 1.5), grid)
    assert (np.diff(mean) < 0).all()
    here = int(np.flatnonzero(grid == 400)[0])
    assert mean[here] == pytest.approx(2_000.0)
    relative = (high - low) / mean
    assert relative[0] > relative[here]
    assert relative[-1] > relative[here]


def test_metrics_are_what_their_names_say() -> None:
    actual, forecast = np.array([0.0, 4.0, 6.0]), np.array([0.0, 5.0, 5.0])
    assert wmape(actual, forecast) == pytest.approx((0.01 + 1 + 1) / 10)
    terms = [2 * 0.01, 2 * (4 * np.log(0.8) + 1), 2 * (6 * np.log(1.2) - 1)]
    assert mean_poisson_deviance(actual, forecast) == pytest.approx(np.mean(terms))


def test_serving_numbers_come_from_the_fit() -> None:
    design, units, family, _ = simulate(15)
    model = PooledPoisson().fit(design, units, family, np.zeros(ITEMS, dtype=np.int64))
    served = serve(
        model,
        variant_id=np.arange(ITEMS),
        usual_log_price=np.full(ITEMS, np.log(400)),
        family_id=np.arange(FAMILIES),
        department_id=np.array([1]),
        week_of_year=np.arange(WEEKS) % 53,
        weights=SignalWeights(),
    )
    assert (served.elasticity == model.elasticity_).all()
    assert served.family_elasticity.shape == (FAMILIES,)
    assert not served.is_causal.any()
