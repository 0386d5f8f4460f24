"""Log-linear and log-polynomial demand: a price slope or curve per category; any solver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy

from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.core.challenger import Cells, Challenger, finite_exp
from pricing.demand.core.solvers import SOLVERS, Solution, SolverName

# Beyond it a rate is a mistake of the way there, not a forecast.
LARGEST_LOG = 50.0


@dataclass(frozen=True, slots=True)
class PenalizedPoisson:
    """f(b) = sum_r [exp eta - y eta] + (b - m)' P (b - m) / 2, eta = X b + offset.

    `design` (n, k) is sparse, `sales` and `offset` are (n,), `mean` and `precision` (k,) the
    prior's. Strictly convex where every precision is positive.

    >>> from scipy.sparse import csr_array
    >>> one = PenalizedPoisson(
    ...     design=csr_array(np.ones((1, 1))), sales=np.array([2.0]), offset=np.zeros(1),
    ...     mean=np.zeros(1), precision=np.ones(1),
    ... )
    >>> one.value(np.zeros(1)), one.gradient(np.zeros(1)).tolist()
    (1.0, [-1.0])
    """

    design: Any
    sales: FloatArray
    offset: FloatArray
    mean: FloatArray
    precision: FloatArray

    @property
    def cells(self) -> int:
        """How many cells it sums over."""
        return len(self.sales)

    def take(self, rows: IntArray) -> PenalizedPoisson:
        """Return the objective of some cells only: a minibatch."""
        return replace(
            self, design=self.design[rows], sales=self.sales[rows], offset=self.offset[rows]
        )

    def expected(self, beta: FloatArray) -> FloatArray:
        """Return exp eta of each cell, (n,)."""
        return np.asarray(np.exp(np.minimum(self.linear(beta), LARGEST_LOG)), dtype=np.float64)

    def linear(self, beta: FloatArray) -> FloatArray:
        """Return eta, (n,)."""
        return np.asarray(self.design @ beta + self.offset, dtype=np.float64)

    def value(self, beta: FloatArray) -> float:
        """Return f(beta)."""
        away = beta - self.mean
        fit = (self.expected(beta) - self.sales * self.linear(beta)).sum()
        return float(fit + 0.5 * (self.precision * away * away).sum())

    def gradient(self, beta: FloatArray) -> FloatArray:
        """Return the gradient, (k,)."""
        excess = self.expected(beta) - self.sales
        return np.asarray(
            self.design.T @ excess + self.precision * (beta - self.mean), dtype=np.float64
        )

    def weights(self, beta: FloatArray) -> FloatArray:
        """Return the curvature of the likelihood in each cell, (n,)."""
        return self.expected(beta)

    def curve(self, weights: FloatArray, direction: FloatArray) -> FloatArray:
        """Return H direction, (k,), without forming H."""
        bent = self.design.T @ (weights * (self.design @ direction))
        return np.asarray(bent + self.precision * direction, dtype=np.float64)

    def diagonal(self, weights: FloatArray) -> FloatArray:
        """Return the diagonal of H, (k,)."""
        return np.asarray(self.design.power(2).T @ weights + self.precision, dtype=np.float64)

    def factor(self, weights: FloatArray) -> Any:
        """Return H factored by SuperLU: `solve(right)` divides by it."""
        scaled = scipy.sparse.csr_array(scipy.sparse.diags_array(weights) @ self.design)
        return scipy.sparse.linalg.splu(
            scipy.sparse.csc_array(
                self.design.T @ scaled + scipy.sparse.diags_array(self.precision)
            )
        )


# Prior precisions: of the intercept, of a category's price effect around -1, of a context's.
PRECISION = (1e-4, 1.0, 1.0)


class LinearDemand(Challenger):
    """Log-linear Poisson regression: log q = level_i - e_c log(p / p_ref) + x'g.

    One slope e_c per category, around a prior of 1. The design is sparse, so all products of a shop
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
