"""Bounded contributions keep their bound, and the noise is what theory says it must be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from pricing.base.services import add_noise, find_noise_sd
from pricing.demand.core.training_cells import TrainingCells
from pricing.private.core import (
    Contributions,
    PrivacyTerms,
    bound_contributions,
    choose_measured,
    count_cells,
    find_clear,
    measure_cost,
    reach,
)

ITEMS, WEEKS = 6, 5


def contributions(seed: int, n: int) -> Contributions:
    """Distinct triples of a few households, items and weeks."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, [4, ITEMS, WEEKS], size=(n, 3))
    rows = np.unique(drawn, axis=0).reshape(-1, 3)
    return Contributions(rows[:, 0], rows[:, 1], rows[:, 2])


@given(st.integers(0, 2**32 - 1), st.integers(0, 80), st.integers(1, 9))
def test_no_household_adds_more_than_its_bound(seed: int, n: int, most: int) -> None:
    rows = contributions(seed, n)
    kept = bound_contributions(rows, most, np.random.default_rng(seed))
    before = np.bincount(rows.household, minlength=4)
    after = np.bincount(kept.household, minlength=4)
    assert after.tolist() == np.minimum(before, most).tolist()
    known = set(zip(rows.household, rows.item, rows.week, strict=True))
    assert set(zip(kept.household, kept.item, kept.week, strict=True)) <= known


@given(st.integers(0, 2**32 - 1), st.integers(1, 80), st.integers(1, 9))
def test_one_household_moves_the_cells_by_the_sensitivity_at_most(
    seed: int, n: int, most: int
) -> None:
    rows = bound_contributions(contributions(seed, n), most, np.random.default_rng(seed))
    without = rows.take(rows.household != rows.household[0])
    moved = count_cells(rows, ITEMS, WEEKS) - count_cells(without, ITEMS, WEEKS)
    assert np.linalg.norm(moved) <= reach(most)


@pytest.mark.parametrize("epsilon", [0.3, 1.0, 3.0])
def test_the_noise_keeps_its_promised_privacy(epsilon: float) -> None:
    delta, reach = 1e-6, 5.0
    sd = find_noise_sd(epsilon=epsilon, delta=delta, sensitivity=reach)
    # Balle and Wang 2018, theorem 8: exact for the continuous Gaussian.
    shift, tilt = reach / (2.0 * sd), epsilon * sd / reach
    lost = norm.cdf(shift - tilt) - np.exp(epsilon) * norm.cdf(-shift - tilt)
    assert 0.0 < lost <= delta
    # And no more noise than the plain conversion asks for: rho + 2 sqrt(rho log(1/delta)).
    log = np.log(1.0 / delta)
    rho = (np.sqrt(log + epsilon) - np.sqrt(log)) ** 2
    assert sd <= reach / np.sqrt(2.0 * rho)


def test_drawn_noise_has_the_stated_spread_in_whole_numbers() -> None:
    noisy, sd = add_noise(
        np.full((40, 100), 7, dtype=np.int64), epsilon=1.0, delta=1e-6, sensitivity=5.0
    )
    assert noisy.shape == (40, 100)
    assert np.array_equal(noisy, noisy.round())
    # Of 4,000 draws the sd is within 6 % but once in ten million tests, the mean within .1 sd.
    assert noisy.std() == pytest.approx(sd, rel=0.06)
    assert noisy.mean() == pytest.approx(7.0, abs=0.1 * sd)


def test_two_draws_differ_whatever_was_drawn_before() -> None:
    zeros = np.zeros((5, 5), dtype=np.int64)
    first, _ = add_noise(zeros, epsilon=1.0, delta=1e-6, sensitivity=5.0)
    second, _ = add_noise(zeros, epsilon=1.0, delta=1e-6, sensitivity=5.0)
    assert not np.array_equal(first, second)


def test_items_of_few_households_are_not_measured() -> None:
    noisy = np.array([19.0, 39.0, 41.0, 500.0])
    assert choose_measured(noisy, 10.0, 10).tolist() == [2, 3]
    assert choose_measured(noisy, 10.0, 1).tolist() == [3]


def test_items_below_the_noise_are_left_to_their_family() -> None:
    noisy = np.array([[8.0, 0.0], [9.0, 3.0]])
    released = np.array([True, False])
    assert find_clear(noisy, np.array([8.5, 0.0]), released).tolist() == [False, True]


def test_more_noise_costs_more_and_leaves_fewer_items() -> None:
    rng = np.random.default_rng(6)
    price = rng.choice([500.0, 400.0, 300.0], size=(40, 40))
    usual = rng.uniform(5.0, 80.0, size=(40, 1))
    none = np.zeros(40, dtype=np.int64)
    cells = TrainingCells(
        variant_id=np.arange(40),
        units=rng.poisson(usual * (price / 500.0) ** -1.6).astype(np.float64),
        price_minor=price,
        display=np.zeros_like(price),
        mailer=np.zeros_like(price),
        on_sale=np.ones_like(price),
        family=none,
        family_id=np.array([1]),
        department=none,
        department_id=np.array([1]),
        week_of_year=np.arange(40),
    )
    cost = measure_cost(cells, {"inf": 0.0, "3": 8.2, "1": 22.7}, random_state=1)
    assert cost["inf"].error < cost["3"].error < cost["1"].error
    assert cost["inf"].error < 0.08
    assert [cost[name].items for name in ("inf", "3")] == [40, 40]
    assert cost["1"].items < 40
    assert cost == measure_cost(cells, {"inf": 0.0, "3": 8.2, "1": 22.7}, random_state=1)


@pytest.mark.parametrize("wrong", [{"epsilon": 0.0}, {"epsilon": 50.0}, {"most_cells": 0}])
def test_terms_that_promise_nothing_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"epsilon|household"):
        PrivacyTerms(**({"epsilon": 1.0} | wrong))
