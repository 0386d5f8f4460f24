"""Confidence sequences, the screen of drafts, and when a trial goes on."""

from __future__ import annotations

from math import inf, isclose

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.core.monitoring import (
    SHARES,
    Arm,
    Breach,
    Lift,
    Limits,
    RampState,
    Verdict,
    arm_of,
    best_rho,
    compare_arms,
    grow_arms,
    hold_moves,
    join_verdicts,
    mixture_margin,
    next_step,
    screen_prices,
)
from pricing.core.monitoring.ramp import LEAST_DECISIONS, LEAST_HOURS

WORSE = Lift(1.0, 2.0, -1.0, -1.5, -0.5, 0.1, 500, 500, 900, 900)
EVEN = Lift(2.0, 2.0, 0.0, -0.5, 0.5, 0.1, 500, 500, 900, 900)


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
def test_growing_day_by_day_ends_where_all_rows_at_once_do(seed: int, count: int) -> None:
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


def test_looking_every_day_rings_no_more_than_once_in_a_hundred() -> None:
    rng = np.random.default_rng(4)
    rung = 0
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
                rung += 1
                break
    # One side of a two-sided 90 % sequence: 5 % at most, at all looks of a stream together.
    assert rung <= 0.05 * 400


def screen(**changes: np.ndarray) -> dict[str, list[bool]]:
    given = {
        "old_minor": np.array([400, 400, 400]),
        "new_minor": np.array([399, 400, 409]),
        "floor_minor": np.array([300, 300, 300]),
        "most_minor": np.array([440, 440, 440]),
        "least_minor": np.array([360, 360, 360]),
        "elasticity": np.array([2.0, 2.0, 2.0]),
        "elasticity_sd": np.array([0.5, 0.5, 0.5]),
        "is_model": np.ones(3, dtype=np.bool_),
    } | changes
    return {
        breach.kind: breach.where.tolist() for breach in screen_prices(**given, limits=Limits())
    }


def test_a_good_draft_has_no_breach() -> None:
    assert screen() == {}


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("step", {"new_minor": np.array([359, 400, 400])}),
        ("step", {"new_minor": np.array([441, 400, 400])}),
        ("margin", {"floor_minor": np.array([400, 300, 300])}),
        ("number", {"elasticity": np.array([np.nan, 2.0, 2.0])}),
        ("number", {"elasticity": np.array([-1.0, 2.0, 2.0])}),
        ("number", {"elasticity_sd": np.array([np.inf, 2.0, 2.0])}),
        ("number", {"new_minor": np.array([0, 400, 400]), "is_model": np.zeros(3, dtype=bool)}),
        ("posterior", {"elasticity_sd": np.array([3.1, 0.5, 0.5])}),
    ],
)
def test_each_rule_stops_the_one_variant_that_breaks_it(
    kind: str, changes: dict[str, np.ndarray]
) -> None:
    assert screen(**changes) == {kind: [True, False, False]}


def test_moves_of_people_are_not_judged_by_step_or_posterior() -> None:
    by_hand = np.zeros(3, dtype=np.bool_)
    wide = np.array([9.0, 9.0, 9.0])
    assert screen(new_minor=np.array([300, 400, 500]), is_model=by_hand, elasticity_sd=wide) == {}


def test_a_price_that_was_below_its_floor_may_rise_towards_it() -> None:
    assert screen(floor_minor=np.array([500, 500, 500]), new_minor=np.array([409, 400, 409])) == {}


def test_one_breach_in_ten_stops_the_whole_draft() -> None:
    moves = np.arange(40) < 30
    three, four = np.arange(40) < 3, np.arange(40) < 4
    assert hold_moves((Breach("step", three),), moves, Limits()).sum() == 3
    assert hold_moves((Breach("step", four),), moves, Limits()).tolist() == moves.tolist()
    assert hold_moves((), moves, Limits()).sum() == 0


@pytest.mark.parametrize("at", range(len(LEAST_HOURS)))
def test_a_trial_grows_step_by_step(at: int) -> None:
    state = RampState(SHARES[at], LEAST_HOURS[at], LEAST_DECISIONS[at], EVEN, 0.01)
    verdict = next_step(state)
    assert (verdict.move, verdict.share) == ("go_on", SHARES[at + 1])
    early = RampState(SHARES[at], LEAST_HOURS[at] - 0.1, LEAST_DECISIONS[at], EVEN, 0.01)
    few = RampState(SHARES[at], LEAST_HOURS[at], LEAST_DECISIONS[at] - 1, EVEN, 0.01)
    assert {next_step(early).move, next_step(few).move} == {"wait"}


@pytest.mark.parametrize("share", SHARES)
def test_a_trial_stops_once_it_is_worse_or_breaks_a_bound(share: float) -> None:
    assert next_step(RampState(share, 0.0, 0, WORSE)).move == "stop"
    assert next_step(RampState(share, 0.0, 0, EVEN, violations=1)).move == "stop"


def test_a_shadow_far_from_todays_prices_waits_for_a_person() -> None:
    far = next_step(RampState(0.0, 99.0, 9_999, shadow_gap=-0.06))
    unseen = next_step(RampState(0.0, 99.0, 9_999))
    assert (far.move, unseen.move) == ("wait", "wait")
    assert far.reason == "far_shadow"


def test_at_everybody_it_waits_for_the_second_person() -> None:
    assert next_step(RampState(1.0, 999.0, 99_999, EVEN)).move == "wait"


def test_an_arm_nobody_was_in_has_no_days() -> None:
    nothing = np.zeros(0)
    assert grow_arms(np.zeros(0, dtype=np.int64), nothing, nothing, nothing.astype(int)) == []


def test_one_place_may_stop_a_trial_and_few_decisions_elsewhere_hold_nothing_back() -> None:
    on, few = Verdict("go_on", 0.05, "long_enough"), Verdict("wait", 0.01, "few_decisions")
    far, worse = Verdict("wait", 0.0, "far_shadow"), Verdict("stop", 0.0, "brings_less")
    assert join_verdicts({"us": on}, "us") == ("us", on)
    assert join_verdicts({"us": on, "ca": few}, "us") == ("us", on)
    assert join_verdicts({"us": on, "ca": few, "mx": far}, "us") == ("mx", far)
    assert join_verdicts({"us": few, "ca": on, "mx": far}, "us") == ("us", few)
    assert join_verdicts({"us": few, "ca": worse}, "us") == ("ca", worse)
    assert join_verdicts({"us": worse, "ca": on}, "us") == ("us", worse)
