"""Confidence sequences of two arms, as pricing's holdout and every experiment uses them."""

from __future__ import annotations

from math import inf, isclose

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from profiles.experiments.core.sequences import Arm, arm_of, compare_arms, grow_arms
from shop.ground.kernel.sequences import best_rho, mixture_margin


def draw_arm(rng: np.random.Generator, mean: float, count: int) -> Arm:
    """Shoppers with one to four visits each."""
    cluster = np.repeat(np.arange(count), rng.integers(1, 5, count))
    return arm_of(rng.normal(mean, 2.0, len(cluster)), np.ones(len(cluster)), cluster)


def test_the_variance_of_a_mean_counts_shoppers_not_visits() -> None:
    once = arm_of(np.array([1.0, 3.0]), np.ones(2), np.array([1, 2]))
    ten_times = arm_of(np.repeat([1.0, 3.0], 10), np.ones(20), np.repeat([1, 2], 10))
    assert once.mean == ten_times.mean == 2.0
    assert once.variance == ten_times.variance == 1.0


def test_the_order_of_rows_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    total, cluster = rng.normal(size=50), rng.integers(0, 9, 50)
    order = rng.permutation(50)
    one = arm_of(total, np.ones(50), cluster)
    other = arm_of(total[order], np.ones(50), cluster[order])
    assert (one.clusters, one.visits) == (other.clusters, other.visits)
    assert isclose(one.variance, other.variance, rel_tol=1e-12)


@given(st.integers(0, 1_000), st.integers(1, 60))
def test_daily_growth_ends_where_all_rows_do(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    total, cluster = rng.integers(-9, 9, count).astype(float), rng.integers(0, 7, count)
    day = rng.integers(100, 105, count)
    days = grow_arms(day, total, np.ones(count), cluster)
    assert [at for at, _ in days] == sorted(set(day.tolist()))
    for at, arm in days:
        until = day <= at
        assert arm == arm_of(total[until], np.ones(int(until.sum())), cluster[until])


def test_the_margin_is_that_of_the_paper() -> None:
    # Theorem 2.2 by hand: t = 400, r = 0.1, a = 0.01.
    grown = 400 * 0.01 + 1
    by_hand = np.sqrt(2 * grown / (400**2 * 0.01) * np.log(np.sqrt(grown) / 0.01)) * np.sqrt(400)
    assert isclose(mixture_margin(400.0, 0.01, 0.1), by_hand, rel_tol=1e-12)


@given(st.floats(1e2, 1e6), st.sampled_from([0.01, 0.05, 0.1]))
def test_no_other_rho_is_narrower_where_it_was_tuned_for(count: float, alpha: float) -> None:
    rho = best_rho(count, alpha)
    tuned = mixture_margin(count, alpha, rho)
    others = [mixture_margin(count, alpha, rho * factor) for factor in (0.5, 0.8, 1.25, 2.0)]
    assert tuned <= min(others) * 1.001


def test_few_shoppers_say_nothing() -> None:
    rng = np.random.default_rng(2)
    found = compare_arms(draw_arm(rng, 0.0, 5_000), draw_arm(rng, 9.0, 99))
    assert (found.low, found.high, found.is_worse) == (-inf, inf, False)


def test_a_loss_is_seen_and_a_gain_is_none() -> None:
    rng = np.random.default_rng(3)
    treated, holdout = draw_arm(rng, 1.0, 9_500), draw_arm(rng, 2.0, 500)
    assert compare_arms(treated, holdout, level=0.99).is_worse
    assert not compare_arms(holdout, treated, level=0.99).is_worse


def test_daily_looks_ring_once_in_a_hundred_at_most() -> None:
    rng = np.random.default_rng(4)
    price_point = 0
    for _ in range(400):
        y = rng.exponential(1.0, (60, 210)) - 1.0
        many, few = np.cumsum(y[:, :200], axis=0), np.cumsum(y[:, 200:], axis=0)
        squares = np.cumsum(y * y, axis=0)
        for day in range(9, 60, 3):
            arms = [
                Arm(int(n), n, float(s), float(q), float(s), n)
                for n, s, q in (
                    (200.0 * (day + 1), many[day].sum(), squares[day, :200].sum()),
                    (10.0 * (day + 1), few[day].sum(), squares[day, 200:].sum()),
                )
            ]
            if compare_arms(*arms, level=0.90).is_worse:
                price_point += 1
                break
    # One side of a two-sided 90 % sequence: 5 % at most, at all impressions of a stream together.
    assert price_point <= 0.05 * 400


def test_an_arm_nobody_was_in_has_no_days() -> None:
    nothing = np.zeros(0)
    assert grow_arms(np.zeros(0, dtype=np.int64), nothing, nothing, nothing.astype(int)) == []
