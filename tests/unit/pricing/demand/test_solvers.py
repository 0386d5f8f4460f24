"""Solvers: each ends at the one minimum, and a family takes only its own."""

from __future__ import annotations

import numpy as np
import pytest

from pricing.demand.core.families import UnknownSolver, make_family
from pricing.demand.core.frames import Prediction
from pricing.demand.core.kinds.linear import LinearDemand
from pricing.demand.core.leaderboard import take
from pricing.demand.core.solvers import SOLVERS
from pricing.demand.core.training_cells import name_features, tabulate
from tests.unit.pricing.demand.test_challengers import make_cells
from tests.unit.pricing.demand.test_served_family import CELLS
from tests.unit.pricing.demand.test_training_figures import ITEMS


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
