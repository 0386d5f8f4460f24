"""The allocator against a linear programme, brute force and its own promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog

from promotions.targeting.core.allocation import (
    NULL_OFFER,
    Allocator,
    FloatArray,
    Problem,
    find_best,
)


def _floats(numbers: object) -> NDArray[np.float32]:
    return np.array(numbers, np.float32)


def _make(seed: int, rows: int, offers: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    value = rng.gamma(1.5, 1.0, (rows, offers)).astype(np.float32)
    cost = (value * rng.uniform(0.2, 2.0, value.shape)).astype(np.float32)
    return value - np.float32(0.3), cost


def _lp_bound(value: np.ndarray, cost: np.ndarray, problem: Problem) -> float:
    rows, offers = value.shape
    once = np.kron(np.eye(rows), np.ones(offers))
    money = np.hstack([problem.charges * cost[i] for i in range(rows)])
    found = linprog(
        -value.ravel().astype(float),
        A_ub=np.vstack([once, money]),
        b_ub=np.concatenate([np.ones(rows), problem.budgets]),
    )
    return float(-found.fun)


def _spend(problem: Problem, choice: np.ndarray, cost: np.ndarray) -> FloatArray:
    given_out = np.flatnonzero(choice != NULL_OFFER)
    spend = np.zeros(len(problem.budgets))
    for i in given_out:
        spend += problem.charges[:, choice[i]] * float(cost[i, choice[i]])
    return spend


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), budgets=st.integers(1, 3), share=st.floats(0.0, 1.5))
def test_never_over_and_never_above_the_bound(seed: int, budgets: int, share: float) -> None:
    value, cost = _make(seed, 60, 6)
    charges = np.random.default_rng(seed).random((budgets, 6)) < 0.6
    problem = Problem.of(value, cost, np.full(budgets, share * cost.sum() / 30), charges)
    model = Allocator(sample=30).fit(problem)
    worth = sum(float(value[i, j]) for i, j in enumerate(model.choice_) if j != NULL_OFFER)
    assert (_spend(problem, model.choice_, cost) <= problem.budgets).all()
    assert model.value_ == pytest.approx(worth, rel=1e-4, abs=1e-4)
    bound = _lp_bound(value, cost, problem)
    assert worth <= bound * (1 + 1e-6) + 1e-6
    assert model.bound_ >= bound * (1 - 1e-5) - 1e-6
    assert all(value[i, j] > 0 for i, j in enumerate(model.choice_) if j != NULL_OFFER)


def test_comes_within_one_offer_of_the_linear_programme() -> None:
    value, cost = _make(3, 200, 8)
    problem = Problem.of(value, cost, [40.0])
    model = Allocator().fit(problem)
    bound = _lp_bound(value, cost, problem)
    assert bound - model.value_ <= float((value / cost).max() * cost.max()) / 4
    assert model.bound_ == pytest.approx(bound, rel=1e-4)


def test_plenty_of_money_has_no_price() -> None:
    value, cost = _make(1, 500, 5)
    model = Allocator(sample=100).fit(Problem.of(value, cost, [1e9]))
    assert model.price_.tolist() == [0.0]
    assert model.value_ == pytest.approx(float(np.maximum(value.max(axis=1), 0).sum()), rel=1e-6)


def test_no_money_gives_nothing() -> None:
    value, cost = _make(1, 100, 5)
    model = Allocator().fit(Problem.of(value, cost, [0.0, 50.0], [[True] * 3 + [False] * 2] * 2))
    assert set(model.choice_[model.choice_ >= 0].tolist()) <= {3, 4}
    assert model.spend_.tolist() == [0.0, 0.0]


def test_scarce_money_is_spent_to_the_bound_from_a_sample() -> None:
    value, cost = _make(5, 20_000, 24)
    value[np.random.default_rng(1).random(value.shape) >= 0.8] = -np.inf
    charges = np.repeat(np.eye(4, dtype=bool), 6, axis=1)
    for problem in (
        Problem.of(value, cost, [900.0]),
        Problem.of(value, cost, [300.0, 200.0, 50.0, 1e6], charges),
    ):
        model = Allocator(sample=5_000).fit(problem)
        assert model.value_ > 0.999 * model.bound_


def test_masked_pairs_are_never_given() -> None:
    value, cost = _make(7, 2_000, 10)
    allowed = np.random.default_rng(2).random(value.shape) < 0.5
    value[~allowed] = -np.inf
    model = Allocator().fit(Problem.of(value, cost, [400.0]))
    given_out = np.flatnonzero(model.choice_ >= 0)
    assert len(given_out) > 100
    assert allowed[given_out, model.choice_[given_out]].all()


def test_a_tie_goes_to_the_first_offer() -> None:
    value, cost = _floats([[2, 2], [-1, 0]]), _floats([[1, 1], [0, 0]])
    found = find_best(value, cost, _floats([0.5, 0.5]), np.array([True, True]))
    assert found.choice.tolist() == [0, NULL_OFFER]


@pytest.mark.parametrize(
    ("value", "cost", "sentence"),
    [
        ([[1.0]], [[-1.0]], "costs must be finite and 0 or more"),
        ([[1.0]], [[np.nan]], "costs must be finite and 0 or more"),
        ([[np.nan]], [[1.0]], "values must be numbers"),
        ([[1.0]], [[1.0, 2.0]], "one row per shopper"),
    ],
)
def test_refuses_what_is_no_problem(value: list, cost: list, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Problem.of(_floats(value), _floats(cost), [1.0])
