"""Every family by name, the champion among them: what a leaderboard compares, and what serves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pricing.demand.core.kinds.bayesian import BayesianDemand
from pricing.demand.core.kinds.linear import LinearDemand, PolynomialDemand
from pricing.demand.core.kinds.neural import NeuralDemand
from pricing.demand.core.kinds.support_vectors import SupportVectorDemand
from pricing.demand.core.kinds.trees import BoostedDemand, TreeDemand
from pricing.demand.core.logit import HierarchicalLogit
from pricing.demand.core.pooled_demand import PooledDemand
from pricing.demand.core.softmax import SoftmaxDemand
from pricing.demand.core.solvers import SolverName

CHAMPION = "pooled_poisson"


def _logit(
    *, features: Sequence[str] = (), solver: SolverName = "newton", max_iter: int | None = None
) -> HierarchicalLogit:
    return HierarchicalLogit(
        context=tuple(features), overdispersed=True, solver=solver, max_iter=max_iter
    )


CHALLENGERS: dict[str, Callable[..., Any]] = {
    CHAMPION: PooledDemand,
    "hierarchical_logit": _logit,
    "linear": LinearDemand,
    "polynomial": PolynomialDemand,
    "tree": TreeDemand,
    "trees": BoostedDemand,
    "support_vectors": SupportVectorDemand,
    "neural": NeuralDemand,
    "softmax": SoftmaxDemand,
    "bayesian": BayesianDemand,
}

# Which solvers a family can be fitted with, the usual one first. Trees are grown, Bayesian
# regression and softmax have one of their library's: nothing to choose.
ANY: tuple[str, ...] = ("newton", "newton-cg", "cg", "gd", "sgd")
SOLVERS_OF: dict[str, tuple[str, ...]] = {
    "hierarchical_logit": ANY,
    "linear": ANY,
    "polynomial": ANY,
    "neural": ("adam", "sgd", "lbfgs"),
}


# Where a solver ends on a whole shop if it has not converged: what it reached is served and said.
MOST_STEPS = {"newton": 50, "newton-cg": 100, "cg": 400, "gd": 400, "sgd": 20}


class UnknownSolver(ValueError):
    """A family cannot be fitted with this solver."""


def check_solver(name: str, solver: str) -> None:
    """Raise UnknownSolver where family `name` cannot be fitted with `solver`, saying which it has.

    >>> check_solver("linear", "cg")
    >>> check_solver("trees", "cg")
    Traceback (most recent call last):
    pricing.demand.core.families.UnknownSolver: trees has no solver to choose.
    """
    has = SOLVERS_OF.get(name, ())
    if not has:
        raise UnknownSolver(f"{name} has no solver to choose.")
    if solver not in has:
        raise UnknownSolver(f"{name} cannot be fitted with {solver}: one of {', '.join(has)}.")


def make_family(name: str, features: Sequence[str] = (), *, solver: str = "") -> Any:
    """Return one unfitted model of a family; KeyError for a name that is none.

    `solver` is one of SOLVERS_OF, with at most MOST_STEPS; "" is the usual. Raises UnknownSolver.

    >>> type(make_family("trees")).__name__
    'BoostedDemand'
    >>> make_family("linear", solver="cg").solver
    'cg'
    """
    options: dict[str, Any] = {}
    if solver:
        check_solver(name, solver)
        options["solver"] = solver
        if solver in MOST_STEPS and name != "neural":
            options["max_iter"] = MOST_STEPS[solver]
    return CHALLENGERS[name](features=tuple(features), **options)


def make_families(features: Sequence[str] = ()) -> dict[str, Any]:
    """Return one unfitted model of every family, with these columns as covariates.

    >>> sorted(make_families())[:3]
    ['bayesian', 'hierarchical_logit', 'linear']
    """
    return {name: family(features=tuple(features)) for name, family in CHALLENGERS.items()}
