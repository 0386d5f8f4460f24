"""Minus the log posterior of a binomial logit with Gaussian priors, and its derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy
from scipy.special import expit

from pricing.base.core.values import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class ArrowFactor:
    """The factored Hessian of `PenalizedLogit`: item blocks D, shared part by Schur complement.

    H = [[D, E], [E', F]] with D of N blocks 2 x 2. `block_inverse` (N, 2, 2) is D^-1, `lean`
    (N, 2, q) is D^-1 E, `shared` (q, q) is (F - E' D^-1 E)^-1: the covariance of what is shared.
    Source: Golub and Van Loan, Matrix Computations, 4th ed., sec. 4.2.10 (block elimination).
    """

    block_inverse: FloatArray
    lean: FloatArray
    shared: FloatArray

    def solve(self, right: FloatArray) -> FloatArray:
        """Return H^-1 right, (k,)."""
        items = len(self.block_inverse)
        head, tail = right[: 2 * items].reshape(items, 2), right[2 * items :]
        low = self.shared @ (tail - np.einsum("nij,ni->j", self.lean, head))
        high = np.einsum("nij,nj->ni", self.block_inverse, head) - self.lean @ low
        return np.concatenate([high.ravel(), low])

    def variances(self) -> FloatArray:
        """Return the diagonal of H^-1, (k,): Laplace variances of all parameters."""
        own = np.einsum("nii->ni", self.block_inverse)
        through = np.einsum("nij,jk,nik->ni", self.lean, self.shared, self.lean, optimize=True)
        return np.concatenate([(own + through).ravel(), np.diag(self.shared)])

    def covariance(self) -> FloatArray:
        """Return H^-1 whole, (k, k): for a few thousand parameters at most."""
        items, _, size = self.lean.shape
        lean = self.lean.reshape(2 * items, size)
        whole = np.zeros((2 * items + size, 2 * items + size))
        at = np.arange(items)
        for row in range(2):
            for column in range(2):
                whole[2 * at + row, 2 * at + column] = self.block_inverse[:, row, column]
        whole[: 2 * items, : 2 * items] += lean @ self.shared @ lean.T
        whole[: 2 * items, 2 * items :] = -lean @ self.shared
        whole[2 * items :, : 2 * items] = -(lean @ self.shared).T
        whole[2 * items :, 2 * items :] = self.shared
        return whole


class PenalizedLogit:
    """f(b) = -sum_r [y eta - n log(1 + exp eta)] + (b - m)' P (b - m) / 2, eta = X b.

    Parameters stand as (intercept, slope) of each of N items, then q shared ones: k = 2N + q.
    `item` (n,) numbers the item of each cell, `tilt` (n,) multiplies its slope, `shared` (n, q) is
    sparse. `exposures` and `purchases` are (n,); `mean` and `precision` (k,) the prior's.
    f is strictly convex where every precision is positive: it has one minimum.

    >>> from scipy.sparse import csr_array
    >>> one = PenalizedLogit(
    ...     item=np.array([0]), tilt=np.array([0.0]), shared=csr_array(np.zeros((1, 1))),
    ...     exposures=np.array([4.0]), purchases=np.array([1.0]),
    ...     mean=np.zeros(3), precision=np.full(3, 1.0),
    ... )
    >>> round(one.value(np.zeros(3)), 4), one.gradient(np.zeros(3)).tolist()
    (2.7726, [1.0, 0.0, 0.0])
    """

    def __init__(
        self,
        *,
        item: IntArray,
        tilt: FloatArray,
        shared: Any,
        exposures: FloatArray,
        purchases: FloatArray,
        mean: FloatArray,
        precision: FloatArray,
    ) -> None:
        self.item, self.tilt = item, tilt
        self.exposures, self.purchases = exposures, purchases
        self.mean, self.precision = mean, precision
        self.shared = scipy.sparse.csr_array(shared)
        self.items = (len(mean) - self.shared.shape[1]) // 2

    @property
    def cells(self) -> int:
        """How many cells it sums over."""
        return len(self.item)

    @cached_property
    def _shared_t(self) -> Any:
        return scipy.sparse.csr_array(self.shared.T)

    @cached_property
    def _heads_t(self) -> tuple[Any, Any]:
        """Which cells belong to which item, plain and times their tilt, both (N, n)."""
        cells = len(self.item)
        both = (
            scipy.sparse.csr_array(
                (values, self.item, np.arange(cells + 1)), shape=(cells, self.items)
            )
            for values in (np.ones(cells), self.tilt)
        )
        plain, tilted = (scipy.sparse.csr_array(one.T) for one in both)
        return plain, tilted

    def with_prior(self, mean: FloatArray, precision: FloatArray) -> PenalizedLogit:
        """Return the same cells under another prior."""
        other = object.__new__(PenalizedLogit)
        other.__dict__.update(self.__dict__)
        other.mean, other.precision = mean, precision
        return other

    def dispersion(self, beta: FloatArray) -> FloatArray:
        """Return Pearson's phi of each item, (N,), at least 1: its cells' mean squared residual."""
        chance = expit(self.linear(beta))
        variance = np.maximum(self.exposures * chance * (1.0 - chance), 0.05)
        square = (self.purchases - self.exposures * chance) ** 2 / variance
        cells = np.bincount(self.item, self.exposures > 0, self.items)
        pearson = np.bincount(self.item, square, self.items) / np.maximum(cells, 1.0)
        return np.maximum(pearson, 1.0)

    def discounted(self, dispersion: FloatArray) -> PenalizedLogit:
        """Return cells that count for one part in `dispersion` (N,): the quasi-likelihood."""
        other = self.with_prior(self.mean, self.precision)
        other.exposures = self.exposures / dispersion[self.item]
        other.purchases = self.purchases / dispersion[self.item]
        return other

    def take(self, rows: IntArray) -> PenalizedLogit:
        """Return the objective of some cells only: a minibatch."""
        return PenalizedLogit(
            item=self.item[rows],
            tilt=self.tilt[rows],
            shared=self.shared[rows],
            exposures=self.exposures[rows],
            purchases=self.purchases[rows],
            mean=self.mean,
            precision=self.precision,
        )

    def linear(self, beta: FloatArray) -> FloatArray:
        """Return X beta, (n,)."""
        head = beta[: 2 * self.items]
        own = head[0::2][self.item] + head[1::2][self.item] * self.tilt
        return np.asarray(own + self.shared @ beta[2 * self.items :], dtype=np.float64)

    def transposed(self, rows: FloatArray) -> FloatArray:
        """Return X' rows, (k,)."""
        head = np.empty(2 * self.items)
        head[0::2] = np.bincount(self.item, rows, self.items)
        head[1::2] = np.bincount(self.item, rows * self.tilt, self.items)
        return np.concatenate([head, self.shared.T @ rows])

    def value(self, beta: FloatArray) -> float:
        """Return f(beta)."""
        eta = self.linear(beta)
        away = beta - self.mean
        fit = (self.exposures * np.logaddexp(0.0, eta) - self.purchases * eta).sum()
        return float(fit + 0.5 * (self.precision * away * away).sum())

    def gradient(self, beta: FloatArray) -> FloatArray:
        """Return the gradient, (k,)."""
        excess = self.exposures * expit(self.linear(beta)) - self.purchases
        return self.transposed(excess) + self.precision * (beta - self.mean)

    def weights(self, beta: FloatArray) -> FloatArray:
        """Return n p (1 - p) of each cell, (n,): the curvature of the likelihood."""
        chance = expit(self.linear(beta))
        return np.asarray(self.exposures * chance * (1.0 - chance), dtype=np.float64)

    def curve(self, weights: FloatArray, direction: FloatArray) -> FloatArray:
        """Return H direction, (k,), without forming H."""
        return self.transposed(weights * self.linear(direction)) + self.precision * direction

    def diagonal(self, weights: FloatArray) -> FloatArray:
        """Return the diagonal of H, (k,)."""
        head = np.empty(2 * self.items)
        head[0::2] = np.bincount(self.item, weights, self.items)
        head[1::2] = np.bincount(self.item, weights * self.tilt**2, self.items)
        return np.concatenate([head, self._shared_t.power(2) @ weights]) + self.precision

    def factor(self, weights: FloatArray) -> ArrowFactor:
        """Return H factored; O(n + N q^2 + q^3) instead of O((2N + q)^3)."""
        prior = self.precision[: 2 * self.items]
        first = np.bincount(self.item, weights, self.items) + prior[0::2]
        cross = np.bincount(self.item, weights * self.tilt, self.items)
        second = np.bincount(self.item, weights * self.tilt**2, self.items) + prior[1::2]
        determinant = first * second - cross**2
        inverse = np.empty((self.items, 2, 2))
        inverse[:, 0, 0], inverse[:, 1, 1] = second / determinant, first / determinant
        inverse[:, 0, 1] = inverse[:, 1, 0] = -cross / determinant
        scaled = scipy.sparse.csr_array(
            (
                self.shared.data * np.repeat(weights, np.diff(self.shared.indptr)),
                self.shared.indices,
                self.shared.indptr,
            ),
            shape=self.shared.shape,
        )
        edge = np.stack([(head @ scaled).toarray() for head in self._heads_t], axis=1)
        core = (self._shared_t @ scaled).toarray() + np.diag(self.precision[2 * self.items :])
        lean = inverse @ edge
        flat = edge.reshape(2 * self.items, -1)
        schur = core - flat.T @ lean.reshape(2 * self.items, -1)
        return ArrowFactor(inverse, lean, np.linalg.inv(0.5 * (schur + schur.T)))
