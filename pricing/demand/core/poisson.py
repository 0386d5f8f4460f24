"""Minus the log posterior of a Poisson regression with Gaussian priors, for every solver."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy

from pricing.base.core.values import FloatArray, IntArray

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
