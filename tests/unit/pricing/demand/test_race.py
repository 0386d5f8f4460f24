"""Families and solvers compared, and every solver of the linear family at one minimum."""

from __future__ import annotations

import numpy as np
import pytest

from pricing.demand.core import SOLVERS, race
from pricing.demand.core.families import CHALLENGERS, SOLVERS_OF, UnknownSolver, make_family
from pricing.demand.core.frames import Prediction
from pricing.demand.core.kinds.linear import LinearDemand
from pricing.demand.core.leaderboard import take
from pricing.demand.core.training_cells import name_features, tabulate, take_items
from pricing.demand.core.training_leaderboard import MIN_BOARD_ITEMS
from tests.unit.pricing.demand.test_challengers import make_cells
from tests.unit.pricing.demand.test_served_family import CELLS
from tests.unit.pricing.demand.test_training_figures import ITEMS

NAMES = ("pooled_poisson", "linear", "trees")


@pytest.mark.parametrize("name", [one for one in SOLVERS if one != "newton"])
def test_every_solver_ends_where_newton_does(name: str) -> None:
    cells = make_cells()
    model = LinearDemand(features=["display"]).fit(cells)
    objective = model.objective(model.read_cells(cells))
    best = SOLVERS["newton"](objective, objective.mean, tol=1e-6)
    found = SOLVERS[name](objective, objective.mean, tol=1e-2)  # type: ignore[index]  # its own keys
    least = 1e-3 if name == "sgd" else 1e-8
    assert objective.value(found.beta) - objective.value(best.beta) < least * objective.cells
    assert best.is_converged
    # exp eta - y: minus the log likelihood of the sales, whose slope is the gradient.
    step, column = 1e-6, np.eye(len(best.beta))[1]
    up, down = (objective.value(objective.mean + sign * step * column) for sign in (1, -1))
    slope = float(objective.gradient(objective.mean) @ column)
    assert slope == pytest.approx((up - down) / (2 * step), rel=1e-4)


def test_families_and_solvers_stand_in_one_table(monkeypatch: pytest.MonkeyPatch) -> None:
    few = {name: CHALLENGERS[name] for name in NAMES}
    monkeypatch.setattr(race, "CHALLENGERS", few)
    monkeypatch.setattr(race, "MIN_BOARD_ITEMS", ITEMS)
    ticks = iter(range(10_000))
    rows = race.race_families(CELLS, lambda: float(next(ticks)))
    told = {(row["family"], row["solver"]) for row in rows}
    assert told == {("pooled_poisson", ""), ("trees", "")} | {
        ("linear", solver) for solver in SOLVERS_OF["linear"]
    }
    assert [row["deviance"] for row in rows] == sorted(row["deviance"] for row in rows)
    assert {row["seconds"] for row in rows} == {1.0}
    ends = {row["solver"]: row for row in rows if row["family"] == "linear"}
    assert ends["newton"]["is_converged"]
    assert ends["newton"]["steps"] < 20
    assert next(row for row in rows if row["family"] == "trees")["steps"] is None


def test_a_descent_is_watched_down_to_the_common_minimum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(race, "MIN_BOARD_ITEMS", ITEMS)
    ticks = iter(range(10_000))
    paths = {one["solver"]: one["path"] for one in race.watch_descent(CELLS, lambda: next(ticks))}
    assert set(paths) == set(SOLVERS)
    assert paths["newton"][-1][1] == race.CLOSEST
    assert paths["gd"][0][1] > 100 * race.CLOSEST


def test_too_few_goods_are_not_compared() -> None:
    few = take_items(CELLS, np.arange(MIN_BOARD_ITEMS - 1))
    assert race.race_families(few, lambda: 0.0) == []
    assert race.watch_descent(few, lambda: 0.0) == []


def test_a_solver_the_family_has_not_is_refused_by_name() -> None:
    with pytest.raises(UnknownSolver, match="linear cannot be fitted with adam: one of newton"):
        make_family("linear", solver="adam")
    with pytest.raises(UnknownSolver, match="softmax has no solver"):
        make_family("softmax", solver="cg")
    assert make_family("hierarchical_logit", solver="gd").max_iter == 400
    assert make_family("neural", solver="lbfgs").solver == "lbfgs"


def test_what_is_per_exposure_cannot_be_taken_for_units() -> None:
    cells = make_cells()
    found = LinearDemand(features=["display"]).fit(cells).predict(None, cells)
    assert isinstance(found, Prediction)
    assert found.units(500.0).sum() == pytest.approx(cells.purchases.sum(), rel=0.05)
    with pytest.raises(TypeError):
        _mean, _sd, _elasticity = found  # type: ignore[misc]  # that is what must not work
    assert not hasattr(found, "mean")


def test_support_vectors_learn_from_every_cell() -> None:
    cells = tabulate(CELLS, np.arange(ITEMS))
    model = make_family("support_vectors", name_features(CELLS)).fit(cells)
    assert model.model_.t_ - 1 >= 3 * len(cells["item"])
    late = take(cells, cells["week"] >= 3)
    assert (model.predict(None, late).per_exposure > 0).all()
