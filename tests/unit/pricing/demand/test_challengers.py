"""The families of demand models behind one interface, and who may take the champion's slot."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pricing.demand.core.families import CHALLENGERS, CHAMPION, make_families
from pricing.demand.core.frames import Prediction
from pricing.demand.core.kinds.bayesian import BayesianDemand
from pricing.demand.core.kinds.linear import LinearDemand
from pricing.demand.core.kinds.trees import BoostedDemand
from pricing.demand.core.leaderboard import Standing, calibration_error, compare, judge, take
from pricing.demand.core.slopes import SlopeCheck
from pricing.demand.core.softmax import SoftmaxDemand

ITEMS, WEEKS = 30, 40
BETTER = SlopeCheck(1.1, 0.2, 0.6, 900.0, 20, gain=1.5, low=0.25, high=2.75)


def make_cells(seed: int = 0, slope: float = -2.0) -> pd.DataFrame:
    """Return item-weeks with one known elasticity; prices are drawn, so it can be learned."""
    rng = np.random.default_rng(seed)
    item = np.repeat(np.arange(ITEMS), WEEKS)
    week = np.tile(np.arange(WEEKS, dtype=float), ITEMS)
    usual = rng.uniform(2.0, 9.0, ITEMS)[item]
    price = usual * rng.choice([0.75, 0.85, 1.0, 1.0, 1.1], len(item))
    display = (rng.random(len(item)) < 0.1).astype(float)
    rate = np.exp(rng.normal(2.5, 0.6, ITEMS)[item] + slope * np.log(price / usual) + 0.5 * display)
    return pd.DataFrame(
        {
            "item": item,
            "category": item % 5,
            "week": week,
            "price": price,
            "display": display,
            "exposures": 500.0,
            "purchases": rng.poisson(rate).astype(float),
        }
    )


@pytest.mark.parametrize("name", sorted(CHALLENGERS))
def test_every_family_answers_mean_sd_and_elasticity(name: str) -> None:
    cells = make_cells()
    past, later = take(cells, cells.week < 34), take(cells, cells.week >= 34)
    model = CHALLENGERS[name](features=["display"]).fit(past)
    found = model.predict(later["price"], later)
    assert isinstance(found, Prediction)
    for column in (found.per_exposure, found.sd_per_exposure, found.elasticity):
        assert column.shape == (len(later["item"]),)
        assert np.isfinite(column).all()
    assert (found.sd_per_exposure > 0).all()
    assert np.median(found.elasticity) == pytest.approx(-2.0, abs=0.6)
    forecast = found.units(later["exposures"])
    assert forecast.sum() == pytest.approx(later["purchases"].sum(), rel=0.1)
    assert np.corrcoef(forecast, later["purchases"])[0, 1] > 0.8
    again = copy(model).fit(past).predict(later["price"], later)
    assert (again.per_exposure == found.per_exposure).all()


@pytest.mark.parametrize("name", sorted(CHALLENGERS))
def test_every_family_sells_less_at_a_higher_price(name: str) -> None:
    cells = make_cells(1)
    model = CHALLENGERS[name](features=["display"]).fit(cells)
    week = take(cells, cells.week == 20)
    usual = model.predict(week["price"] * 0 + cells.price.median(), week | {"reference_price": 5.0})
    assert np.isfinite(usual.per_exposure).all()
    low, high = (model.predict(week["price"] * factor, week).per_exposure for factor in (0.9, 1.1))
    assert np.mean(high < low) > 0.9


def test_trees_are_monotone_in_price_everywhere() -> None:
    cells = make_cells(2, slope=1.0)
    model = BoostedDemand(features=["display"]).fit(cells)
    week = take(cells, cells.week == 3)
    means = np.stack(
        [model.predict(week["price"] * step, week).per_exposure for step in (0.7, 0.9, 1.2)]
    )
    assert (np.diff(means, axis=0) <= 1e-12).all()


def test_softmax_gives_a_rivals_sales_to_the_others() -> None:
    cells = make_cells(3)
    model = SoftmaxDemand(features=["display"]).fit(cells)
    week = take(cells, (cells.week == 5) & (cells.category == 0))
    dearer = week["price"].copy()
    dearer[0] *= 1.3
    before, after = (model.predict(price, week).per_exposure for price in (week["price"], dearer))
    assert after[0] < before[0]
    assert (after[1:] > before[1:]).all()


def test_softmax_elasticity_is_the_slope_of_its_own_log() -> None:
    cells = make_cells(4)
    model = SoftmaxDemand(features=["display"]).fit(cells)
    one = take(cells, (cells.week == 5) & (cells.item == 7))
    step = 1e-5
    up, down = (
        np.log(model.predict(one["price"] * np.exp(sign * step), one).per_exposure)
        for sign in (1, -1)
    )
    slope = (up - down) / (2 * step)
    assert model.predict(one["price"], one).elasticity == pytest.approx(slope, rel=1e-5)


def test_the_bayesian_slope_holds_the_truth_in_its_interval() -> None:
    cells = make_cells(5)
    model = BayesianDemand(features=["display"]).fit(cells)
    one = {"item": np.arange(ITEMS), "display": np.zeros(ITEMS)}
    elasticity = model.predict(model.reference_price_, one).elasticity
    inside = np.abs(elasticity + 2.0) < 1.645 * model.slope_sd(one)
    assert inside.mean() >= 0.7


def test_a_new_item_needs_a_reference_price() -> None:
    cells = make_cells(6)
    model = LinearDemand().fit(cells)
    with pytest.raises(ValueError, match="reference_price"):
        model.predict(3.0, {"item": [999], "category": [1]})
    new = {"item": [999], "category": [1], "reference_price": [3.0]}
    usual = cells[cells.category == 1].purchases.mean() / 500.0
    assert model.predict(3.0, new).per_exposure[0] == pytest.approx(usual, rel=0.3)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"price": 0.0}, "above zero"), ({"purchases": -1.0}, "negative"), ({"week": np.nan}, "week")],
)
def test_garbage_is_refused_by_name(change: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LinearDemand().fit(make_cells().assign(**change))


def test_a_leaderboard_holds_every_family_and_ranks_by_deviance() -> None:
    cells = make_cells(7)
    names = [CHAMPION, "linear", "softmax", "bayesian"]
    models = {name: make_families(["display"])[name] for name in names}
    told: list[str] = []
    board = compare(models, cells, holder=CHAMPION, progress=told.append)
    assert told == names
    assert {one.name for one in board} == set(names)
    assert [one.deviance for one in board] == sorted(one.deviance for one in board)
    for one in board:
        assert one.slopes is None
        assert 0.8 <= one.coverage_90 <= 1.0
        assert one.wrong_sign_share == 0.0
        assert set(one.as_numbers()) >= {"wmape", "deviance", "ece", "coverage_90"}


def test_later_weeks_are_forecast_from_earlier_ones_only() -> None:
    cells = make_cells(8)
    seen = []

    class Spy(LinearDemand):
        def fit(self, X: object, y: object = None) -> Spy:  # noqa: N803 - scikit-learn's own name
            seen.append(np.unique(X["week"]).max())  # type: ignore[index]  # a dict of arrays
            return super().fit(X, y)

    compare({"spy": Spy()}, cells, holder="spy", blocks=2, block_weeks=4)
    assert seen == [WEEKS - 9, WEEKS - 5]


def test_too_short_a_history_gives_no_leaderboard() -> None:
    cells = make_cells(9)
    assert compare(make_families(), take(cells, cells.week < 10), holder=CHAMPION) == []


def test_a_better_forecast_alone_does_not_win_the_slot() -> None:
    unsure = replace(BETTER, low=-0.25)
    verdict = judge(Standing("trees", 0.2, 1.0, 0.01, 0.90, 0.0, unsure))
    assert not verdict.may_take
    assert verdict.reasons == (
        (
            "on randomised prices it is not surely better than the champion:"
            " log-likelihood +1.50 a day, -0.25 to +2.75"
        ),
    )


def test_a_worse_forecast_with_better_slopes_wins_the_slot() -> None:
    assert judge(Standing("logit", 0.9, 9.0, 0.3, 0.50, 0.0, BETTER)).may_take


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"slopes": None}, "no randomised prices"),
        ({"wrong_sign_share": 0.05}, "5% of its elasticities are not negative"),
    ],
)
def test_each_reason_against_a_challenger_is_said(change: dict[str, Any], reason: str) -> None:
    standing = Standing("logit", 0.9, 9.0, 0.015, 0.90, 0.0, BETTER)
    verdict = judge(replace(standing, **change))
    assert not verdict.may_take
    assert reason in verdict.reasons[0]


def test_calibration_error_sees_what_the_total_hides() -> None:
    sales, forecast = np.array([0.0, 10.0]), np.array([4.0, 6.0])
    assert calibration_error(sales, forecast, bins=1) == 0.0
    assert calibration_error(sales, forecast, bins=2) == pytest.approx(0.8)
