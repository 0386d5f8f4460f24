"""The choice model's mathematics against finite differences, dense matrices and scipy."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.optimize import minimize

from pricing.base.core.values import FloatArray
from pricing.demand.core.choice import Impressions, SlopePrior
from pricing.demand.core.choice.arrow import Arrow, Prior, Spreads, make_prior
from pricing.demand.core.choice.curvature import cut, find_volume
from pricing.demand.core.choice.fit import begin
from pricing.demand.core.choice.layout import Calendar, Layout, Tree
from pricing.demand.core.choice.likelihood import Coefficients, Frame, measure, score
from pricing.demand.core.choice.mode import draw, find_mode, find_variances, follow_volume
from tests.unit.pricing.demand.choice_worlds import World


@dataclass(frozen=True)
class Problem:
    """A small problem at a point, its coefficients also as one vector."""

    frame: Frame
    prior: Prior
    at: Coefficients

    def flat(self, at: Coefficients) -> FloatArray:
        return np.concatenate([at.item.ravel(), at.category.ravel(), at.family.ravel(), at.all])

    def at_vector(self, vector: FloatArray) -> Coefficients:
        shapes = [self.at.item.shape, self.at.category.shape, self.at.family.shape]
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
        *parts, everywhere = np.split(vector, ends)
        own = [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
        return Coefficients(*own, everywhere)

    def value(self, vector: FloatArray) -> float:
        at = self.at_vector(vector)
        return measure(self.frame, at).value + self.prior.value(at, self.frame.tree)

    def score(self, vector: FloatArray) -> FloatArray:
        at = self.at_vector(vector)
        told = self.flat(score(self.frame, measure(self.frame, at)))
        return told + self.flat(self.prior.score(at, self.frame.tree))

    def arrow(self, vector: FloatArray) -> Arrow:
        shares = measure(self.frame, self.at_vector(vector))
        return Arrow.of(self.frame, shares, self.prior, cut(self.frame))

    def volume(self, vector: FloatArray) -> Coefficients:
        arrow = self.arrow(vector)
        shares = measure(self.frame, self.at_vector(vector))
        inverses = [node.covariance for node in arrow.blocks]
        return find_volume(self.frame, shares, arrow.pieces, inverses)

    def precision(self, vector: FloatArray) -> FloatArray:
        """Return the dense Fisher information and prior precision."""
        seen = self.frame.seen

        def log_chances(at: FloatArray) -> FloatArray:
            chance = measure(self.frame, self.at_vector(at)).chance
            return np.log(np.append(chance, 1.0 - self.frame.by_set(chance)))

        chance = measure(self.frame, self.at_vector(vector)).chance
        weight = np.append(
            seen.weight[seen.set_of] * chance, seen.weight * (1.0 - self.frame.by_set(chance))
        )
        moves = derive(log_chances, vector).T
        pull = derive(
            lambda at: self.flat(self.prior.score(self.at_vector(at), self.frame.tree)), vector
        )
        return moves.T @ (weight[:, None] * moves) - pull


def derive(function: object, at: FloatArray, step: float = 1e-6) -> FloatArray:
    """Return the derivative by central differences, one row a coordinate."""
    moves = step * np.eye(len(at))
    return np.array([(function(at + move) - function(at - move)) / (2.0 * step) for move in moves])


@pytest.fixture(scope="module", params=[True, False], ids=["clans apart", "sets across clans"])
def problem(request: pytest.FixtureRequest) -> Problem:
    """Return eight products in four categories and two families, with a column of each kind."""
    rng = np.random.default_rng(0)
    sets, size = 60, 2 if request.param else 3
    rival = np.where(rng.random((sets, size)) < 0.3, np.nan, rng.normal(0.0, 0.1, (sets, size)))
    seen = World.of(rng, 8, categories=4, families=2).visit(
        rng,
        sets,
        size,
        weight=5,
        together=request.param,
        shopper=rng.normal(size=(sets, 2)),
        taste=[0.3, -0.2],
        response=rng.random((sets, 2)),
        w=[0.5, 0.0],
        rival=rival,
        pull=1.0,
        day=rng.integers(0, 40, sets).astype(float),
    )
    names = replace(seen.columns, public=("q",), goods=("z",))
    seen = replace(
        seen,
        columns=names,
        public=rng.random((seen.sets, 1)),
        goods=rng.normal(size=(len(seen), 1)),
    )
    return make_problem(seen, rng, own=(1,))


def make_problem(seen: Impressions, rng: np.random.Generator, own: tuple[int, ...] = ()) -> Problem:
    """Return the problem of `seen` at a point drawn around the prior's mean."""
    tree = Tree.of(seen)
    layout = Layout(seen.columns, Calendar.of(seen.day), own)
    none = np.zeros(0, dtype=np.int64)
    item = np.sort(tree.item)
    known = SlopePrior(item, rng.normal(0.0, 0.1, len(item)), none, none.astype(float))
    start = begin(tree, layout, None, known)
    moved = [part + 0.1 * rng.normal(size=part.shape) for part in vars_of(start)]
    moved[-1][layout.response] = 0.2
    prior = make_prior(Spreads(), layout, tree, known)
    return Problem(Frame.of(seen, tree, layout), prior, Coefficients(*moved))


def vars_of(at: Coefficients) -> list[FloatArray]:
    """Return the arrays of coefficients."""
    return [at.item, at.category, at.family, at.all]


def test_the_score_is_the_derivative_of_the_log_posterior(problem: Problem) -> None:
    x = problem.flat(problem.at)
    assert problem.score(x) == pytest.approx(derive(problem.value, x), abs=1e-5)


def test_the_arrow_solves_what_the_dense_information_does(problem: Problem) -> None:
    x = problem.flat(problem.at)
    pull, none = problem.score(x), problem.at_vector(np.zeros(len(x)))
    held = np.zeros(problem.frame.layout.all, dtype=bool)
    found = problem.arrow(x).solve(problem.at_vector(pull), none, held)
    dense = np.linalg.solve(problem.precision(x), pull)
    assert problem.flat(found) == pytest.approx(dense, abs=1e-7)


def test_the_volume_moves_as_its_derivative_says(problem: Problem) -> None:
    def volume(at: FloatArray) -> float:
        nodes = problem.arrow(at).blocks
        return 0.5 * sum(float(np.linalg.slogdet(node.covariance)[1]) for node in nodes)

    x = problem.flat(problem.at)
    assert problem.flat(problem.volume(x)) == pytest.approx(derive(volume, x, 1e-5), abs=1e-7)


def test_variances_and_draws_are_those_of_the_dense_inverse(problem: Problem) -> None:
    x = problem.flat(problem.at)
    arrow, covariance = problem.arrow(x), np.linalg.inv(problem.precision(x))
    variance, doubt = find_variances(arrow)

    def deviate(at: FloatArray) -> FloatArray:
        return problem.flat(problem.prior.deviate(problem.at_vector(at), problem.frame.tree))

    away = derive(deviate, x, 1e-3).T
    assert problem.flat(variance) == pytest.approx(np.diag(away @ covariance @ away.T), abs=1e-8)
    q = problem.frame.layout.item
    slopes = np.arange(1, problem.at.item.size, q)
    assert doubt.item[:, 1, 1] == pytest.approx(np.diag(covariance)[slopes], abs=1e-8)
    drawn = draw(arrow, problem.at, 4_000, np.random.default_rng(1))[:, :, 1]
    assert np.cov(drawn.T) == pytest.approx(covariance[np.ix_(slopes, slopes)], abs=0.03)


def test_the_mode_is_that_of_a_generic_optimiser(problem: Problem) -> None:
    """What is added to the posterior (the volume, linear) is taken where Newton ended."""
    at, layout = problem.at, problem.frame.layout
    for _ in range(12):
        at = find_mode(problem.frame, problem.prior, at, steps=60, tolerance=1e-15).at
    x = problem.flat(at)
    bias = follow_volume(problem.arrow(x), problem.volume(x))
    zero = replace(bias, item=0.0 * at.item, category=0.0 * at.category)
    more = problem.flat(zero)
    bounds = [(None, None)] * len(x)
    for weight in range(layout.response.start, layout.response.stop):
        bounds[len(x) - layout.all + weight] = (0.0, None)
    found = minimize(
        lambda v: -problem.value(v) - more @ v,
        problem.flat(problem.at),
        jac=lambda v: -problem.score(v) - more,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": 20_000, "maxfun": 40_000, "ftol": 1e-16, "gtol": 1e-9, "maxcor": 60},
    )
    assert x == pytest.approx(found.x, abs=1e-6)
