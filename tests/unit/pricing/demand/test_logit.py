"""The hierarchical logit: right by an econometrics package and on known truth; quick; one optimum
for every solver."""

from __future__ import annotations

import time
from copy import copy

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.special import expit

from pricing.demand.core.frames import usual_prices
from pricing.demand.core.logit import HierarchicalLogit
from pricing.demand.core.objective import PenalizedLogit
from pricing.demand.core.solvers import SOLVERS

ITEMS, SEGMENTS, RUNGS = 50, 6, 13


def make_market(seed: int, mean_exposures: float = 25.0) -> tuple[pd.DataFrame, np.ndarray]:
    """Return 3,900 cells of a market with known slopes, and the slope of each cell."""
    rng = np.random.default_rng(seed)
    axes = np.meshgrid(np.arange(ITEMS), np.arange(SEGMENTS), np.arange(RUNGS), indexing="ij")
    item, segment, price_point = (axis.ravel() for axis in axes)
    category = item % 5
    ratio = 0.7 + 0.05 * price_point
    level = -2.5 + rng.normal(0, 0.8, ITEMS)[item] + rng.normal(0, 0.3, SEGMENTS)[segment]
    slope = 3.0 + rng.normal(0, 0.4, 5)[category] + rng.normal(0, 0.6, ITEMS)[item]
    slope += rng.normal(0, 0.4, SEGMENTS)[segment]
    exposures = rng.poisson(mean_exposures, len(item))
    frame = pd.DataFrame(
        {
            "item": item,
            "category": category,
            "segment": segment,
            "price": 10.0 * ratio,
            "reference_price": 10.0,
            "exposures": exposures,
            "purchases": rng.binomial(exposures, expit(level - slope * (ratio - 1.0))),
            "chance": expit(level - slope * (ratio - 1.0)),
        }
    )
    return frame, slope


def make_objective(seed: int = 1) -> tuple[PenalizedLogit, np.ndarray]:
    """Return a posterior of 20 items, and its posterior sds."""
    rng = np.random.default_rng(seed)
    item = np.repeat(np.arange(20), 13)
    tilt = -(0.7 + 0.05 * np.tile(np.arange(13), 20) - 1.0)
    shared = csr_array(np.stack([np.ones(260), tilt, rng.normal(size=260)], axis=1))
    exposures = rng.poisson(60, 260).astype(float)
    objective = PenalizedLogit(
        item=item,
        tilt=tilt,
        shared=shared,
        exposures=exposures,
        purchases=rng.binomial(exposures.astype(int), expit(-2.0 + 3.0 * tilt)).astype(float),
        mean=np.concatenate([np.zeros(40), [-3.0, 2.0, 0.0]]),
        precision=np.concatenate([np.full(40, 2.0), [0.04, 0.1, 1.0]]),
    )
    best = SOLVERS["newton"](objective, objective.mean).beta
    return objective, np.sqrt(objective.factor(objective.weights(best)).variances())


@pytest.mark.parametrize("name", ["newton-cg", "cg", "gd"])
def test_every_deterministic_solver_ends_at_the_same_optimum(name: str) -> None:
    objective, _ = make_objective()
    best = SOLVERS["newton"](objective, objective.mean, tol=1e-10)
    other = SOLVERS[name](objective, objective.mean, tol=1e-5)  # type: ignore[index]  # its own keys
    assert best.is_converged
    assert other.is_converged
    assert np.abs(other.beta - best.beta).max() < 1e-5


def test_averaged_stochastic_descent_ends_near_the_posterior_mode() -> None:
    objective, sd = make_objective()
    best = SOLVERS["newton"](objective, objective.mean, tol=1e-10)
    found = SOLVERS["sgd"](objective, objective.mean, max_iter=200, random_state=3)
    assert (np.abs(found.beta - best.beta) / sd).max() < 0.1
    again = SOLVERS["sgd"](objective, objective.mean, max_iter=200, random_state=3)
    assert (found.beta == again.beta).all()


def test_the_block_factor_is_the_inverse_of_the_whole_hessian() -> None:
    objective, _ = make_objective()
    beta = np.random.default_rng(2).normal(size=43)
    weights = objective.weights(beta)
    hessian = np.stack([objective.curve(weights, column) for column in np.eye(43)])
    factor = objective.factor(weights)
    inverse = np.linalg.inv(hessian)
    assert factor.covariance() == pytest.approx(inverse, abs=1e-12)
    assert factor.variances() == pytest.approx(np.diag(inverse), abs=1e-12)
    assert factor.solve(beta) == pytest.approx(inverse @ beta, abs=1e-10)
    assert objective.diagonal(weights) == pytest.approx(np.diag(hessian))


def test_the_gradient_is_the_slope_of_the_value() -> None:
    objective, _ = make_objective()
    beta, step = np.random.default_rng(4).normal(size=43) * 0.3, 1e-6
    for column in np.eye(43)[::7]:
        up, down = objective.value(beta + step * column), objective.value(beta - step * column)
        assert objective.gradient(beta) @ column == pytest.approx(
            (up - down) / (2 * step), rel=1e-4
        )


def test_the_unpooled_logit_is_that_of_an_econometrics_package() -> None:
    cells, _ = make_market(5, 200.0)
    one = cells[(cells.item == 7) & (cells.segment == 2)]
    gap = one.price / 10.0 - 1.0
    both = np.stack([one.purchases, one.exposures - one.purchases], axis=1)
    other = sm.GLM(both, sm.add_constant(gap), family=sm.families.Binomial()).fit(tol=1e-12)
    flat = PenalizedLogit(
        item=np.zeros(len(one), dtype=np.int64),
        tilt=-gap.to_numpy(),
        shared=csr_array((len(one), 0)),
        exposures=one.exposures.to_numpy(float),
        purchases=one.purchases.to_numpy(float),
        mean=np.zeros(2),
        precision=np.full(2, 1e-10),
    )
    found = SOLVERS["newton"](flat, np.zeros(2), tol=1e-9).beta
    assert found == pytest.approx([other.params.iloc[0], -other.params.iloc[1]], abs=1e-6)


def test_slopes_and_chances_are_near_truth_with_valid_intervals() -> None:
    inside_slope, inside_chance, error = [], [], []
    for seed in range(6):
        cells, truth = make_market(20 + seed)
        model = HierarchicalLogit().fit(cells)
        slope, sd = model.predict_slope(cells)
        found = model.predict(cells.price, cells)
        inside_slope.append(np.abs(slope - truth) < 1.645 * sd)
        inside_chance.append(
            np.abs(found.per_exposure - cells.chance) < 1.645 * found.sd_per_exposure
        )
        error.append(np.abs(slope - truth) / truth)
        assert (found.elasticity < 0).all()
    assert np.mean(inside_slope) == pytest.approx(0.90, abs=0.04)
    assert np.mean(inside_chance) == pytest.approx(0.90, abs=0.04)
    assert np.mean(error) < 0.14


def test_3900_cells_take_well_under_a_tenth_of_a_second() -> None:
    cells, _ = make_market(1)
    columns = {name: cells[name].to_numpy() for name in cells}
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        HierarchicalLogit().fit(columns)
        times.append(time.perf_counter() - begun)
    assert min(times) < 0.1


def test_the_elasticity_is_the_slope_of_the_log_chance() -> None:
    cells, _ = make_market(6, 4_000.0)
    model = HierarchicalLogit().fit(cells)
    sample, step = cells[::301], 1e-4
    up = model.predict(sample.price * (1 + step), sample).per_exposure
    down = model.predict(sample.price * (1 - step), sample).per_exposure
    numeric = (np.log(up) - np.log(down)) / (2 * step)
    assert model.predict(sample.price, sample).elasticity == pytest.approx(numeric, abs=0.02)


def test_pandas_and_arrays_give_the_same_model() -> None:
    cells, _ = make_market(7)
    model = HierarchicalLogit(solver="cg").fit(cells)
    arrays = {name: cells[name].to_numpy() for name in cells}
    twin = copy(model).fit(arrays, arrays["purchases"])
    assert (twin.coef_ == model.coef_).all()


def test_contexts_move_level_and_slope() -> None:
    cells, _ = make_market(8, 300.0)
    rng = np.random.default_rng(8)
    cells["promoted"] = rng.integers(0, 2, len(cells)).astype(float)
    gap = cells.price / 10.0 - 1.0
    logit = np.log(cells.chance / (1 - cells.chance)) + cells.promoted * (0.5 - 1.5 * gap)
    cells["purchases"] = rng.binomial(cells.exposures, expit(logit))
    model = HierarchicalLogit(context=["promoted"], price_context=["promoted"]).fit(cells)
    assert model.coef_[-2] == pytest.approx(0.5, abs=0.06)
    assert model.coef_[-1] == pytest.approx(1.5, abs=0.3)


def test_a_new_item_takes_its_category_and_doubts_it() -> None:
    cells, _ = make_market(9)
    model = HierarchicalLogit().fit(cells)
    known = {"item": [3], "category": [3], "segment": [0], "reference_price": [10.0]}
    new = known | {"item": [999]}
    assert (
        model.predict(10.0, new).sd_per_exposure[0]
        > 2 * (model.predict(10.0, known).sd_per_exposure[0])
    )
    slope, sd = model.predict_slope(new)
    assert slope[0] == pytest.approx(3.0, abs=1.0)
    assert sd[0] > model.predict_slope(known)[1][0]
    with pytest.raises(ValueError, match="reference_price"):
        model.predict(10.0, {"item": [999], "segment": [0]})


def test_wrong_signs_are_reported_and_never_served() -> None:
    cells, _ = make_market(10, 3.0)
    rising = expit(-2.0 + 3.0 * (cells.price / 10.0 - 1.0))
    cells["purchases"] = np.random.default_rng(10).binomial(cells.exposures, rising)
    model = HierarchicalLogit().fit(cells)
    assert model.wrong_sign_share_ == 1.0
    assert (model.predict(cells.price, cells).elasticity < 0).all()


def test_one_price_without_sales_gives_a_safe_answer() -> None:
    cells = {
        "item": ["tea", "cocoa"],
        "category": ["hot", "sweet"],
        "price": [4.0, 5.0],
        "exposures": [100, 0],
        "purchases": [0, 0],
    }
    found = HierarchicalLogit().fit(cells).predict([4.0, 6.0], cells)
    figures = [found.per_exposure, found.sd_per_exposure, found.elasticity]
    assert np.isfinite(figures).all()
    assert (found.elasticity < 0).all()
    assert found.per_exposure[0] < 0.05


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"price": [np.nan, 1.0]}, "price"),
        ({"price": [0.0, 1.0]}, "above zero"),
        ({"purchases": [5, 0]}, "exceed"),
        ({"purchases": [-1, 0]}, "negative"),
        ({"exposures": [np.inf, 1]}, "exposures"),
        ({"item": [1, 1]}, "two categories"),
    ],
)
def test_garbage_is_refused_by_name(change: dict[str, list[float]], message: str) -> None:
    cells = {
        "item": [1, 2],
        "category": [1, 2],
        "price": [1.0, 2.0],
        "exposures": [3, 3],
        "purchases": [1, 1],
    }
    with pytest.raises(ValueError, match=message):
        HierarchicalLogit().fit(cells | change)


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(1, 9)), min_size=1, max_size=30))
@settings(max_examples=50, deadline=None)
def test_the_usual_price_is_a_price_that_was_seen(rows: list[tuple[int, float]]) -> None:
    item, price = (np.array(column) for column in zip(*rows, strict=True))
    usual = usual_prices(item, price, np.ones(len(item)), 4)
    for number in range(4):
        own = price[item == number]
        if not len(own):
            assert np.isnan(usual[number])
            continue
        assert usual[number] in own
        assert np.mean(own <= usual[number]) >= 0.5
        assert np.mean(own >= usual[number]) >= 0.5


def test_clumped_sales_are_believed_as_far_as_they_say_something() -> None:
    rng = np.random.default_rng(8)
    item = np.repeat(np.arange(60), 40)
    price = rng.choice([0.8, 0.9, 1.0, 1.1], len(item))
    slope = rng.normal(3.0, 0.5, 60)
    rate = 2_000 * expit(-3.0 - slope[item] * (price - 1.0))
    clumped = rng.poisson(rate * rng.gamma(5.0, 0.2, len(item)))
    cells = {
        "item": item,
        "price": price,
        "reference_price": np.ones(len(item)),
        "exposures": np.full(len(item), 2_000.0),
        "purchases": np.minimum(clumped, 2_000),
    }
    inside = {}
    for overdispersed in (False, True):
        model = HierarchicalLogit(overdispersed=overdispersed).fit(cells)
        mean, sd = model.predict_slope({"item": np.arange(60)})
        inside[overdispersed] = float(np.mean(np.abs(mean - slope) < 1.645 * sd))
        noise = model.dispersion_of({"item": [3, 10_000]})
        assert noise.tolist() == [model.item_dispersion_[3], model.dispersion_]
        # A visit more or less than Poisson: variance m + m^2 / 5 at m of about a hundred.
        assert (model.dispersion_ > 10) == overdispersed
    assert inside[False] < 0.75
    assert 0.80 <= inside[True] <= 1.0
