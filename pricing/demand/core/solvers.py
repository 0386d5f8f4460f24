"""Five ways to the one minimum of a convex objective: all must end at the same place.

    from pricing.demand.core.solvers import SOLVERS

Newton is the default; Newton-CG serves above some thousand parameters; gradient descent and
conjugate gradient need no second derivatives stored; stochastic gradient descent takes cells as
they stream in. Newton-CG and conjugate gradient are scipy's; formulas of the others: Nocedal and
Wright, Numerical Optimization, 2nd ed. (2006).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, Self

import numpy as np
import scipy

from pricing.base.core.values import FloatArray, IntArray

SolverName = Literal["newton", "newton-cg", "cg", "gd", "sgd"]
MEMORY = 10
# A pass is cut into so many minibatches, of at most so many cells.
BATCHES, LARGEST_BATCH = 32, 4_096


class Factor(Protocol):
    """A factored Hessian."""

    def solve(self, right: FloatArray) -> FloatArray:
        """Return H^-1 right."""


class Objective(Protocol):
    """A convex f of k parameters, the sum over cells and a Gaussian prior, and its derivatives."""

    @property
    def mean(self) -> FloatArray:
        """The prior's mean, (k,)."""

    @property
    def precision(self) -> FloatArray:
        """The prior's precision, (k,)."""

    @property
    def cells(self) -> int:
        """How many cells it sums over."""

    def value(self, beta: FloatArray) -> float:
        """Return f."""

    def gradient(self, beta: FloatArray) -> FloatArray:
        """Return f's gradient, (k,)."""

    def weights(self, beta: FloatArray) -> FloatArray:
        """Return the curvature of each cell, (n,)."""

    def curve(self, weights: FloatArray, direction: FloatArray) -> FloatArray:
        """Return H direction, (k,)."""

    def diagonal(self, weights: FloatArray) -> FloatArray:
        """Return the diagonal of H, (k,)."""

    def factor(self, weights: FloatArray) -> Factor:
        """Return H factored."""

    def take(self, rows: IntArray) -> Self:
        """Return the same of some cells only."""


@dataclass(frozen=True, slots=True)
class Solution:
    """Where a solver ended: the point (k,), steps taken, largest gradient entry, whether done."""

    beta: FloatArray
    steps: int
    gradient_max: float
    is_converged: bool


Solver = Callable[..., Solution]


def solve_newton(
    objective: Objective, start: FloatArray, *, tol: float = 1e-8, max_iter: int = 50
) -> Solution:
    """Newton with the exact Hessian, also known as IRLS; halved steps keep it going down.

    b <- b - t H^-1 g with Armijo's rule (Nocedal and Wright, alg. 3.2).
    """
    beta, value = start.copy(), objective.value(start)
    gradient = objective.gradient(beta)
    for step in range(max_iter):
        if _largest(gradient) <= tol:
            return _end(objective, beta, step, tol)
        direction = -objective.factor(objective.weights(beta)).solve(gradient)
        beta, value, moved = _search(objective, beta, value, direction, gradient)
        gradient = objective.gradient(beta)
        if not moved:
            break
    return _end(objective, beta, max_iter, tol)


def solve_newton_cg(
    objective: Objective, start: FloatArray, *, tol: float = 1e-8, max_iter: int = 200
) -> Solution:
    """Newton with the linear system solved by conjugate gradients, never forming the Hessian.

    By scipy (Nocedal and Wright, alg. 7.1), in coordinates scaled by the Hessian's diagonal.
    """
    return _by_library("Newton-CG", objective, start, tol, {"xtol": 1e-12, "maxiter": max_iter})


def solve_conjugate_gradient(
    objective: Objective, start: FloatArray, *, tol: float = 1e-8, max_iter: int = 5_000
) -> Solution:
    """Nonlinear conjugate gradients (Polak-Ribiere+) by scipy, scaled by the Hessian's diagonal."""
    return _by_library("CG", objective, start, tol, {"maxiter": max_iter})


def _by_library(
    method: Literal["Newton-CG", "CG"],
    objective: Objective,
    start: FloatArray,
    tol: float,
    options: dict[str, float],
) -> Solution:
    scale = objective.diagonal(objective.weights(start)) ** -0.5
    if method == "CG":  # it looks at the gradient in scaled coordinates, as long or shorter there
        options = {**options, "gtol": tol * float(scale.min())}

    def bend(point: FloatArray, direction: FloatArray) -> FloatArray:
        return scale * objective.curve(objective.weights(scale * point), scale * direction)

    found = scipy.optimize.minimize(
        lambda point: objective.value(scale * point),
        start / scale,
        jac=lambda point: scale * objective.gradient(scale * point),
        hessp=bend if method == "Newton-CG" else None,
        method=method,
        options=options,
    )
    return _end(objective, scale * found.x, int(found.nit), tol)


def solve_gradient_descent(
    objective: Objective, start: FloatArray, *, tol: float = 1e-8, max_iter: int = 20_000
) -> Solution:
    """Gradient descent with Barzilai-Borwein steps, diagonally scaled.

    The step s's / s'y is accepted if f falls below the highest of the last 10 values (Raydan 1997,
    SIAM J. Optim. 7, 26-33): it converges, and much faster than a fixed step.
    """
    beta = start.copy()
    scale = 1.0 / objective.diagonal(objective.weights(beta))
    gradient, length = objective.gradient(beta), 1.0
    recent = [objective.value(beta)]
    for step in range(max_iter):
        if _largest(gradient) <= tol:
            return _end(objective, beta, step, tol)
        slope = gradient @ (scale * gradient)
        for _ in range(60):
            trial = beta - length * scale * gradient
            value = objective.value(trial)
            if value <= max(recent) - 1e-4 * length * slope + _slack(recent[-1]):
                break
            length *= 0.5
        fresh = objective.gradient(trial)
        moved, turned = trial - beta, fresh - gradient
        bend = max(float(moved @ turned), 1e-300)
        length = float(np.clip(float(moved @ (moved / scale)) / bend, 1e-6, 1e6))
        beta, gradient = trial, fresh
        recent = [*recent[-MEMORY + 1 :], value]
    return _end(objective, beta, max_iter, tol)


def solve_sgd(
    objective: Objective,
    start: FloatArray,
    *,
    tol: float = 1e-8,
    max_iter: int = 40,
    random_state: int | np.random.Generator | None = 0,
    rate: float = 0.1,
) -> Solution:
    """Stochastic gradient descent over shuffled minibatches for `max_iter` passes.

    Steps fall like t^-0.6 and the points of the second half are averaged (Polak and Juditsky 1992,
    SIAM J. Control Optim. 30, 838-855); the metric is the Hessian at the start (natural gradient,
    Amari 1998). It ends near the minimum, not on it: `is_converged` is rarely true.
    """
    stream = StochasticDescent(start, objective.factor(objective.weights(start)).solve, rate=rate)
    rng = np.random.default_rng(random_state)
    cells = objective.cells
    for epoch in range(max_iter):
        if epoch == max_iter // 2:
            stream.begin_average()
        for rows in _shuffle(cells, rng):
            stream.step(objective.take(rows), cells / len(rows))
    return _end(objective, stream.average_, max_iter, tol)


class StochasticDescent:
    """The state of streaming descent: feed batches, read `average_`; nothing else is kept.

    `metric` turns a gradient (k,) into a step: division by the Hessian of the last full fit, or by
    its diagonal. `rate` is the first step relative to that, kept below 1: a minibatch is not the
    whole.

    >>> stream = StochasticDescent(np.zeros(3), lambda gradient: gradient)
    >>> stream.average_.tolist()
    [0.0, 0.0, 0.0]
    """

    average_: FloatArray

    def __init__(
        self, start: FloatArray, metric: Callable[[FloatArray], FloatArray], *, rate: float = 0.1
    ) -> None:
        self.beta_ = start.copy()
        self.average_ = start.copy()
        self.metric = metric
        self.rate = rate
        self.steps_ = 0
        self._averaged = 0

    def begin_average(self) -> None:
        """Forget the average so far: early points still show where the descent began."""
        self._averaged = 0

    def step(self, batch: Objective, weight: float) -> None:
        """Take one step on a batch that stands for `weight` times as many cells."""
        self.steps_ += 1
        prior = batch.precision * (self.beta_ - batch.mean)
        gradient = weight * (batch.gradient(self.beta_) - prior) + prior
        length = self.rate / (1.0 + self.steps_ / 50.0) ** 0.6
        self.beta_ = self.beta_ - length * self.metric(gradient)
        self._averaged += 1
        self.average_ = self.average_ + (self.beta_ - self.average_) / self._averaged


SOLVERS: dict[SolverName, Solver] = {
    "newton": solve_newton,
    "newton-cg": solve_newton_cg,
    "cg": solve_conjugate_gradient,
    "gd": solve_gradient_descent,
    "sgd": solve_sgd,
}


def _shuffle(cells: int, rng: np.random.Generator) -> Iterator[IntArray]:
    order = rng.permutation(cells)
    size = int(np.clip(cells // BATCHES, 1, LARGEST_BATCH))
    for begin in range(0, cells, size):
        yield order[begin : begin + size]


def _search(
    objective: Objective,
    beta: FloatArray,
    value: float,
    direction: FloatArray,
    gradient: FloatArray,
) -> tuple[FloatArray, float, bool]:
    """Return point and value after a step along `direction`, halved until f falls enough."""
    slope, length = float(gradient @ direction), 1.0
    for _ in range(40):
        trial = beta + length * direction
        reached = objective.value(trial)
        if reached <= value + 1e-4 * length * slope + _slack(value):
            return trial, reached, True
        length *= 0.5
    return beta, value, False


def _slack(value: float) -> float:
    """Return the rounding error of f: below it, neither up nor down means anything."""
    return 1e-13 * max(1.0, abs(value))


def _largest(gradient: FloatArray) -> float:
    return float(np.abs(gradient).max(initial=0.0))


def _end(objective: Objective, beta: FloatArray, steps: int, tol: float) -> Solution:
    largest = _largest(objective.gradient(beta))
    return Solution(beta, steps, largest, largest <= tol)
