"""Residuals and shocks: weeks left out, instruments refused, formulas checked by hand."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from pricing.core.demand.causal import (
    Residuals,
    boosted_nuisance,
    find_residuals,
    residualized_elasticity,
    slope_pairs,
    split_by_time,
)
from pricing.core.demand.debias import (
    MIN_SHOCKS,
    count_randomized,
    interval,
    shock_debias,
    shock_delta,
)
from tests.statistical.pricing.endogenous import CONTROLS, make_endogenous


def test_a_block_is_predicted_without_itself_and_its_neighbours() -> None:
    week = np.tile(np.arange(24.0), 3)
    seen = []
    for test, train in split_by_time(week, 4, 2):
        near = (week[train][:, None] - week[test][None, :]).round().astype(int)
        assert np.abs(near).min() == 3
        seen.append(test)
    assert sorted(np.concatenate(seen).tolist()) == list(range(72))


def test_too_few_weeks_are_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        split_by_time(np.arange(5.0), 6, 1)


@pytest.mark.parametrize("name", ["cost", "shock"])
def test_what_moves_the_price_but_not_demand_is_no_control(name: str) -> None:
    frame, _ = make_endogenous(1)
    with pytest.raises(ValueError, match=name):
        find_residuals(frame, controls=[*CONTROLS, name], instruments=["cost"])


def test_the_shock_is_found_under_another_name() -> None:
    frame, _ = make_endogenous(1)
    frame["innocent"] = frame.shock * 10.0
    with pytest.raises(ValueError, match="innocent"):
        find_residuals(frame, controls=["innocent"])


def test_both_slopes_are_those_of_an_econometrics_package() -> None:
    rng = np.random.default_rng(3)
    price, shock = rng.normal(0, 0.1, 50), np.where(rng.random(50) < 0.3, 0.06, 0.0)
    sales = -2.0 * price - 1.5 * shock + rng.normal(0, 0.1, 50)
    alone = Residuals(
        sales,
        price + shock,
        shock,
        np.zeros((50, 0)),
        np.zeros(50, int),
        np.array([7]),
        np.zeros(1, int),
        [0],
    )
    pairs = slope_pairs(alone)
    other = sm.OLS(sales, sm.add_constant(np.stack([price, shock], axis=1))).fit()
    assert pairs.slope[0, 1] == pytest.approx(other.params[2], abs=1e-5)
    assert np.sqrt(pairs.covariance[0, 1, 1]) == pytest.approx(other.bse[2], rel=1e-4)
    plain = sm.OLS(sales, sm.add_constant(price)).fit()
    assert pairs.slope[0, 0] == pytest.approx(plain.params[1], abs=1e-5)
    assert np.sqrt(pairs.covariance[0, 0, 0]) == pytest.approx(plain.bse[1], rel=1e-4)
    assert pairs.shocks[0] == (shock != 0).sum()


def test_delta_is_the_formula() -> None:
    residuals = Residuals(
        sales=np.array([0.2, -0.3, 0.1, 0.0]),
        price=np.array([-0.05, 0.07, 0.02, 0.01]),
        shock=np.array([-0.06, 0.06, 0.0, 0.0]),
        instruments=np.zeros((4, 0)),
        item=np.array([0, 0, 1, 2]),
        items=np.arange(3),
        category=np.array([0, 0, 1]),
        categories=np.arange(2),
    )
    delta, se = shock_delta(residuals, np.array([-1.0, -1.0, -1.0]))
    top = -0.06 * (0.2 - 0.05) + 0.06 * (-0.3 + 0.07)
    below = 0.06 * 0.05 + 0.06 * 0.07
    assert delta[0] == pytest.approx(top / below)
    assert (delta[1], se[1]) == (0.0, np.inf)
    assert 0 < se[0] < np.inf


def test_a_category_without_shocks_is_observational_and_less_sure() -> None:
    frame, _ = make_endogenous(2, 0.10)
    frame.loc[frame.category == 3, "log_price"] -= frame.shock
    frame.loc[frame.category == 3, "shock"] = 0.0
    pairs = residualized_elasticity(frame, controls=CONTROLS)
    found = shock_debias(pairs)
    alone = pairs.category == 3
    assert count_randomized(pairs)[3] == 0
    assert (count_randomized(pairs)[:3] >= MIN_SHOCKS).all()
    assert found.is_randomized.tolist() == (~alone).tolist()
    assert found.sd[alone].mean() > found.sd[~alone].mean()
    assert found.bias_sd[3] > found.bias_sd[0]


def test_intervals_are_central_and_below_zero() -> None:
    frame, _ = make_endogenous(4)
    found = shock_debias(residualized_elasticity(frame, controls=CONTROLS))
    low, high = interval(found)
    assert (low < found.elasticity).all()
    assert (found.elasticity < high).all()
    assert (high <= 0).all()


def test_boosted_nuisances_agree_with_linear_ones_where_the_world_is_linear() -> None:
    frame, truth = make_endogenous(5, 0.10)
    sample = frame[frame.item < 60]
    errors = []
    for settings in ({}, {"nuisance": boosted_nuisance, "folds": 3}):
        found = shock_debias(residualized_elasticity(sample, controls=CONTROLS, **settings))
        errors.append(np.mean(np.abs(found.elasticity / truth[:60] - 1.0)))
    assert max(errors) < 0.25
