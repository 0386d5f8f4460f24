"""Trials of new versions: in the shadow first, then for a growing share of shoppers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from profiles.values import Lift

# What share of shoppers each step quotes by the version on trial; the first is the shadow.
SHARES = (0.0, 0.01, 0.05, 0.25, 0.50, 1.0)
# How long each step lasts at least, in hours, and how many decisions of its own it needs.
LEAST_HOURS = (24.0, 24.0, 48.0, 72.0, 72.0)
LEAST_DECISIONS = (500, 200, 500, 1_000, 2_000)
# A shadow that would change the price by more than this on average is looked at by a person.
MOST_SHADOW_GAP = 0.05

Move = Literal["wait", "go_on", "stop"]


@dataclass(frozen=True, slots=True)
class RampState:
    """Where a trial stands: its share, hours since the step, decisions by it since then.

    `lift` compares shoppers of the version on trial with the other treated since the step; in the
    shadow it is None, and `shadow_gap` is the mean log difference of prices, `violations` how many
    of them broke a bound before the gate.
    """

    share: float
    hours: float
    decisions: int
    lift: Lift | None = None
    shadow_gap: float | None = None
    violations: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a trial does next, to which share, and why: a code that pages put into words."""

    move: Move
    share: float
    reason: str


def next_step(state: RampState) -> Verdict:
    """Return whether a trial goes on, waits or stops.

    It stops once its shoppers certainly bring less than the others, or its shadow breaks a bound.

    >>> next_step(RampState(0.0, 30.0, 600, shadow_gap=-0.01))
    Verdict(move='go_on', share=0.01, reason='long_enough')
    >>> next_step(RampState(0.05, 2.0, 100)).move
    'wait'
    """
    at = max(range(len(SHARES)), key=lambda place: (SHARES[place] <= state.share, place))
    if state.lift is not None and state.lift.is_worse:
        return Verdict("stop", 0.0, "brings_less")
    if state.violations:
        return Verdict("stop", 0.0, "breaks_bound")
    if at >= len(LEAST_HOURS):
        return Verdict("wait", state.share, "everybody")
    if state.hours < LEAST_HOURS[at]:
        return Verdict("wait", state.share, "too_short")
    if state.decisions < LEAST_DECISIONS[at]:
        return Verdict("wait", state.share, "few_decisions")
    if at == 0 and (state.shadow_gap is None or abs(state.shadow_gap) > MOST_SHADOW_GAP):
        return Verdict("wait", state.share, "far_shadow")
    return Verdict("go_on", SHARES[at + 1], "long_enough")


def join_verdicts(found: Mapping[str, Verdict], home: str) -> tuple[str, Verdict]:
    """Return what several places together say of one trial, and the place that decided.

    A reason to stop anywhere stops it everywhere. Where most shoppers are, at `home`, it is judged
    whether it goes on; another place holds it back only with enough decisions of its own, if its
    shadow is far from the prices shown there. Few decisions elsewhere hold nothing back.

    >>> on, few = Verdict("go_on", 0.01, "long_enough"), Verdict("wait", 0.0, "few_decisions")
    >>> join_verdicts({"us": on, "ca": few}, "us")
    ('us', Verdict(move='go_on', share=0.01, reason='long_enough'))
    >>> join_verdicts({"us": on, "ca": Verdict("stop", 0.0, "breaks_bound")}, "us")[0]
    'ca'
    """
    for place, verdict in found.items():
        if verdict.move == "stop":
            return place, verdict
    if found[home].move == "go_on":
        for place, verdict in found.items():
            if verdict.reason == "far_shadow":
                return place, verdict
    return home, found[home]
