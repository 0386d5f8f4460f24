"""A normal posterior over shared and own coefficients, kept as one small block for each item."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.core.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """Independent normals: shared ~ N(mean, spread^2), an item's own part ~ N(0, own_spread^2)."""

    mean: FloatArray  # (d,)
    spread: FloatArray  # (d,)
    own_spread: FloatArray  # (q,)
    own: IntArray  # (q,) which of the d coefficients items have of their own


@dataclass(frozen=True, slots=True, eq=False)
class Coefficients:
    """Shared coefficients (d,) and each item's own deviations (m, q)."""

    shared: FloatArray
    own: FloatArray

    def of_items(self, own: IntArray) -> FloatArray:
        """Return the coefficients that act for each item, (m, d)."""
        full = np.tile(self.shared, (len(self.own), 1))
        full[:, own] += self.own
        return full


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """A normal around a mode, from `curvature` (m, d, d): minus the log-likelihood's Hessian.

    The log-likelihood is a sum over items of functions of the coefficients that act for the item,
    so the precision is an arrow: a block A_i for each item's own part, a block B_i towards the
    shared part, and a corner C. Everything follows from the Schur complement C - sum B' A^-1 B.

    >>> prior = Prior(np.zeros(1), np.ones(1), np.ones(1), np.array([0]))
    >>> narrow = Posterior.of(np.full((1, 1, 1), 8.0), prior)
    >>> shared, own = narrow.variances()
    >>> shared.round(3).tolist(), own.round(3).tolist()
    ([0.529], [[0.529]])
    """

    inverse_blocks: FloatArray  # (m, q, q) A^-1
    slope: FloatArray  # (m, q, d) A^-1 B
    corner: FloatArray  # (d, d) lower Cholesky factor of the Schur complement

    @classmethod
    def of(cls, curvature: FloatArray, prior: Prior) -> Posterior:
        """Return the posterior's shape for an (m, d, d) curvature."""
        own = prior.own
        blocks = curvature[:, own[:, None], own] + np.diag(prior.own_spread**-2)
        inverse = np.linalg.inv(blocks)
        towards = curvature[:, own, :]
        slope = inverse @ towards
        schur = curvature.sum(axis=0) + np.diag(prior.spread**-2)
        schur = schur - np.einsum("mqd,mqe->de", towards, slope)
        return cls(inverse, slope, _factor((schur + schur.T) / 2.0))

    def solve(self, own_pull: FloatArray, shared_pull: FloatArray) -> Coefficients:
        """Return precision^-1 times a vector given as its own (m, q) and shared (d,) parts."""
        own = np.einsum("mqp,mp->mq", self.inverse_blocks, own_pull)
        rest = shared_pull - np.einsum("mqd,mq->d", self.slope, own_pull)
        shared = np.linalg.solve(self.corner.T, np.linalg.solve(self.corner, rest))
        return Coefficients(shared, own - self.slope @ shared)

    def measure(self, pull: Coefficients) -> float:
        """Return pull' precision^-1 pull."""
        step = self.solve(pull.own, pull.shared)
        return float((pull.own * step.own).sum() + pull.shared @ step.shared)

    def log_volume(self) -> float:
        """Return the log determinant of the precision."""
        blocks = float(np.linalg.slogdet(self.inverse_blocks)[1].sum())
        return 2.0 * float(np.log(np.diag(self.corner)).sum()) - blocks

    def follow(self, gradient: FloatArray, own: IntArray) -> FloatArray:
        """Return the total derivative (d,) by the shared coefficients of what has `gradient` (m, d)
        by those that act, the own ones following at their best: own' = -A^-1 B."""
        through = np.einsum("mqd,mq->d", self.slope, gradient[:, own])
        followed: FloatArray = gradient.sum(axis=0) - through
        return followed

    def follow_shared(self, mode: Coefficients, step: FloatArray) -> Coefficients:
        """Return the mode once the shared coefficients moved by `step` (d,), own ones following."""
        return Coefficients(mode.shared + step, mode.own - self.slope @ step)

    def covariance_of_shared(self) -> FloatArray:
        """Return the covariance of the shared coefficients, (d, d)."""
        root = np.linalg.inv(self.corner)
        covariance: FloatArray = root.T @ root
        return covariance

    def covariance_of_mean(self, own: IntArray) -> FloatArray:
        """Return the covariance of the coefficients that act, averaged over the items, (d, d)."""
        items = max(len(self.inverse_blocks), 1)
        root = np.linalg.inv(self.corner)
        through = np.eye(len(root))
        through[own] -= self.slope.sum(axis=0) / items
        covariance: FloatArray = through @ (root.T @ root) @ through.T
        covariance[own[:, None], own] += self.inverse_blocks.sum(axis=0) / items**2
        return covariance

    def variances(self) -> tuple[FloatArray, FloatArray]:
        """Return the variances of the shared (d,) and of the own (m, q) coefficients."""
        root = np.linalg.inv(self.corner)
        shared = (root**2).sum(axis=0)
        through = self.slope @ root.T
        own = np.einsum("mqq->mq", self.inverse_blocks) + (through**2).sum(axis=2)
        return shared, own


def _factor(matrix: FloatArray) -> FloatArray:
    """Return the lower Cholesky factor; rounding of a nearly singular matrix gets a ridge."""
    ridge = 0.0
    for _ in range(8):
        try:
            return np.linalg.cholesky(matrix + ridge * np.eye(len(matrix)))
        except np.linalg.LinAlgError:
            ridge = max(10.0 * ridge, 1e-9 * float(np.trace(matrix)) / len(matrix))
    return np.diag(np.sqrt(np.maximum(np.diag(matrix), 1e-9)))
