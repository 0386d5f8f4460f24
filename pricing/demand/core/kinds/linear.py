"""Log-linear and log-polynomial demand: a price slope or curve per category; any solver."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy

from pricing.base.core.values import FloatArray
from pricing.demand.core.challenger import Cells, Challenger, finite_exp
from pricing.demand.core.poisson import PenalizedPoisson
from pricing.demand.core.solvers import SOLVERS, Solution, SolverName

# Prior precisions: of the intercept, of a category's price effect around -1, of a context's.
PRECISION = (1e-4, 1.0, 1.0)


class LinearDemand(Challenger):
    """Log-linear Poisson regression: log q = level_i - e_c log(p / p_ref) + x'g.

    One slope e_c per category, around a prior of 1. The design is sparse, so all goods of a shop
    are learned at once. Learned: `coef_` (1 + C + K,), `solution_` (how the solver ended).

    `predict` returns sales per exposure: see `Prediction`.

    >>> rng = np.random.default_rng(0)
    >>> price = rng.choice([8.0, 9.0, 10.0], 400)
    >>> cells = {"item": np.arange(400) % 4, "price": price, "week": np.arange(400) // 10}
    >>> model = LinearDemand().fit(cells, rng.poisson(30 * (price / 10) ** -2.0))
    >>> bool(abs(model.predict(9.0, {"item": [1]}).elasticity[0] + 2.0) < 0.2)
    True
    """

    powers: tuple[int, ...] = (1,)
    solution_: Solution

    def __init__(
        self,
        *,
        features: Sequence[str] = (),
        solver: SolverName = "newton",
        max_iter: int | None = None,
        random_state: int | None = 0,
    ) -> None:
        super().__init__(features=features, random_state=random_state)
        self.solver = solver
        self.max_iter = max_iter

    def objective(self, cells: Cells) -> PenalizedPoisson:
        """Return what the solver brings to its minimum."""
        design = self._design(cells)
        contexts = len(self.features)
        effects = design.shape[1] - 1 - contexts
        mean = np.zeros(design.shape[1])
        mean[1 : 1 + len(self.categories_)] = -1.0
        return PenalizedPoisson(
            design=design,
            sales=cells.sales,
            offset=self._log_level(cells) + np.log(cells.exposures),
            mean=mean,
            precision=np.repeat(PRECISION, [1, effects, contexts]),
        )

    def _design(self, cells: Cells) -> Any:
        rows = len(cells.item)
        blocks: list[Any] = [scipy.sparse.csr_array(np.ones((rows, 1)))]
        for power in self.powers:
            shape = (rows, len(self.categories_))
            known = cells.category >= 0
            values = np.where(known, cells.ratio**power, 0.0)
            own = (values, (np.arange(rows), np.maximum(cells.category, 0)))
            blocks.append(scipy.sparse.csr_array(own, shape=shape))
        return scipy.sparse.csr_array(
            scipy.sparse.hstack([*blocks, scipy.sparse.csr_array(cells.context)])
        )

    def _learn(self, cells: Cells) -> None:
        objective = self.objective(cells)
        limit = {} if self.max_iter is None else {"max_iter": self.max_iter}
        tolerance = 1e-6 * max(float(cells.sales.sum()), 1.0)
        solve = SOLVERS[self.solver]
        self.solution_ = solve(objective, objective.mean, tol=tolerance, **limit)
        self.coef_ = self.solution_.beta

    def _rate(self, cells: Cells) -> FloatArray:
        return finite_exp(self._log_level(cells) + self._design(cells) @ self.coef_)


class PolynomialDemand(LinearDemand):
    """Log sales cubic in log price, one curve per category: the slope may change along it.

    Nothing holds it monotone: outside the prices seen it may rise. `predict` returns sales per
    exposure: see `Prediction`.

    >>> PolynomialDemand().powers
    (1, 2, 3)
    """

    powers = (1, 2, 3)
