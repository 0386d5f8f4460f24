"""The screen of drafts, and when a trial goes on."""

from __future__ import annotations

import numpy as np
import pytest

from pricing.optimum.core.monitoring import (
    LEAST_DECISIONS,
    LEAST_HOURS,
    SHARES,
    Breach,
    Limits,
    RampState,
    Verdict,
    hold_moves,
    join_verdicts,
    next_step,
    screen_prices,
)
from profiles.values import Lift

WORSE = Lift(1.0, 2.0, -1.0, -1.5, -0.5, 0.1, 500, 500, 900, 900)
EVEN = Lift(2.0, 2.0, 0.0, -0.5, 0.5, 0.1, 500, 500, 900, 900)


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


def test_a_price_below_its_floor_may_rise_towards_it() -> None:
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
def test_a_worse_or_bound_breaking_trial_stops(share: float) -> None:
    assert next_step(RampState(share, 0.0, 0, WORSE)).move == "stop"
    assert next_step(RampState(share, 0.0, 0, EVEN, violations=1)).move == "stop"


def test_a_shadow_far_from_todays_prices_waits_for_a_person() -> None:
    far = next_step(RampState(0.0, 99.0, 9_999, shadow_gap=-0.06))
    unseen = next_step(RampState(0.0, 99.0, 9_999))
    assert (far.move, unseen.move) == ("wait", "wait")
    assert far.reason == "far_shadow"


def test_at_everybody_it_waits_for_the_second_person() -> None:
    assert next_step(RampState(1.0, 999.0, 99_999, EVEN)).move == "wait"


def test_one_market_stops_a_trial_and_small_ones_delay_none() -> None:
    on, few = Verdict("go_on", 0.05, "long_enough"), Verdict("wait", 0.01, "few_decisions")
    far, worse = Verdict("wait", 0.0, "far_shadow"), Verdict("stop", 0.0, "brings_less")
    assert join_verdicts({"us": on}, "us") == ("us", on)
    assert join_verdicts({"us": on, "ca": few}, "us") == ("us", on)
    assert join_verdicts({"us": on, "ca": few, "mx": far}, "us") == ("mx", far)
    assert join_verdicts({"us": few, "ca": on, "mx": far}, "us") == ("us", few)
    assert join_verdicts({"us": few, "ca": worse}, "us") == ("ca", worse)
    assert join_verdicts({"us": worse, "ca": on}, "us") == ("us", worse)
