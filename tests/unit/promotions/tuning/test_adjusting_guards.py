"""Adjusting a running campaign: what buyers say, and the guardrails on everything."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotions.tuning.core.guardrails import bound_proposals
from promotions.tuning.core.rules import propose_by_feedback
from promotions.tuning.core.values import (
    CampaignAction,
    CampaignState,
    Interval,
    MetricTotals,
    Outcome,
    Proposal,
    Ruling,
    Source,
)
from tests.factories.adjusting import PULSE, START, TERMS, make_state, reasons

# ------------------------------------------------------------------ feedback


def tone(mean: float, read: int) -> MetricTotals:
    return replace(
        PULSE,
        reviews=read,
        read=read,
        positivity_sum=mean * read,
        positivity_squares=read * (mean**2 + 0.05),
    )


@pytest.mark.parametrize(
    ("mean", "reason"),
    [(0.15, "buyers_are_sorry"), (0.55, "tone_fell"), (0.7, None), (0.95, "tone_rose")],
)
def test_the_tone_of_reviews_moves_a_campaign(mean: float, reason: str | None) -> None:
    found = propose_by_feedback(
        make_state(), tone(mean, 200), TERMS, usual_positivity=0.7, usual_return_rate=0.05
    )
    assert reasons(found) == ([] if reason is None else [reason])


def test_many_returns_show_it_less() -> None:
    pulse = replace(tone(0.7, 0), returns=50)
    found = propose_by_feedback(
        make_state(), pulse, TERMS, usual_positivity=0.7, usual_return_rate=0.05
    )
    assert reasons(found) == ["many_returns"]


def test_few_reviews_change_nothing() -> None:
    state, pulse = make_state(), tone(0.05, 12)
    found = propose_by_feedback(state, pulse, TERMS, usual_positivity=0.9, usual_return_rate=0.05)
    assert [(r.outcome, r.bound_by) for r in bound_proposals(found, state, pulse, TERMS)] == [
        (Outcome.REFUSE, "evidence")
    ]


# ------------------------------------------------------------------ the guardrails


def deeper(after: float, **fields: object) -> Proposal:
    proposal = Proposal(CampaignAction.DEPTH, Source.FORECAST, "deeper_earns_more", 10.0, after)
    return replace(proposal, **fields)  # type: ignore[arg-type]  # fields by name


def rule(proposal: Proposal, state: CampaignState, **terms: object) -> Ruling:
    chosen = replace(TERMS, **terms)  # type: ignore[arg-type]  # fields by name
    return bound_proposals([proposal], state, PULSE, chosen)[0]


HELD = Interval(-5.0, 80.0, 900)


def test_a_step_is_one_step() -> None:
    state = make_state(budget_minor=1_000_000, holdout=HELD)
    ruling = rule(deeper(20.0), state)
    assert (ruling.proposal.after, ruling.outcome, ruling.bound_by) == (
        12.5,
        Outcome.APPLY,
        "step",
    )


def test_depth_stops_where_a_line_meets_its_floor() -> None:
    state = make_state(budget_minor=1_000_000, holdout=HELD, deepest=11.0)
    assert (rule(deeper(12.5), state).proposal.after, rule(deeper(12.5), state).bound_by) == (
        11.0,
        "floor",
    )
    at_floor = make_state(budget_minor=1_000_000, holdout=HELD, deepest=10.0)
    assert rule(deeper(12.5), at_floor).outcome is Outcome.REFUSE


def test_depth_stays_within_what_staff_allowed() -> None:
    ruling = rule(deeper(12.5), make_state(budget_minor=1, holdout=HELD), depth_max=11.5)
    assert (ruling.proposal.after, ruling.bound_by) == (11.5, "bounds")


@pytest.mark.parametrize(
    ("state", "terms", "outcome", "bound_by"),
    [
        (make_state(holdout=HELD), {}, Outcome.ASK, "budget"),
        (make_state(budget_minor=9_000_000), {}, Outcome.ASK, "no_holdout"),
        (
            make_state(budget_minor=9_000_000, holdout=HELD),
            {"is_automatic": False},
            Outcome.ASK,
            "not_automatic",
        ),
        (
            make_state(
                budget_minor=9_000_000, holdout=HELD, changed_at=START + timedelta(days=6, hours=20)
            ),
            {},
            Outcome.REFUSE,
            "cooldown",
        ),
        (
            make_state(budget_minor=9_000_000, holdout=HELD),
            {"least_redemptions": 201},
            Outcome.REFUSE,
            "evidence",
        ),
    ],
)
def test_what_holds_a_deeper_offer_up(
    state: CampaignState, terms: dict[str, object], outcome: Outcome, bound_by: str
) -> None:
    ruling = rule(deeper(12.5), state, **terms)
    assert (ruling.outcome, ruling.bound_by) == (outcome, bound_by)


def test_much_money_asks_a_person() -> None:
    state = make_state(budget_minor=9_000_000, holdout=HELD)
    ruling = rule(deeper(12.5, expected_minor=100_001.0), state)
    assert (ruling.outcome, ruling.bound_by) == (Outcome.ASK, "threshold")


@pytest.mark.parametrize("lever", [CampaignAction.DEPTH, CampaignAction.PAUSE])
def test_a_public_promise_is_taken_back_by_people_only(lever: CampaignAction) -> None:
    before, after = (10.0, 7.5) if lever is CampaignAction.DEPTH else ("live", "paused")
    proposal = Proposal(lever, Source.RULE, "sold_below_cost", before, after)
    assert rule(proposal, make_state(audience="public")).bound_by == "promise"
    assert rule(proposal, make_state()).outcome is Outcome.APPLY


def test_one_change_at_a_time_the_careful_one_first() -> None:
    up = Proposal(CampaignAction.EXPOSURE, Source.RULE, "many_clicks", 1.0, 1.5)
    down = Proposal(CampaignAction.EXPOSURE, Source.FEEDBACK, "tone_fell", 1.0, 1 / 1.5)
    rulings = bound_proposals([up, down], make_state(), tone(0.5, 200), TERMS)
    assert [(r.proposal.reason_code, r.outcome, r.bound_by) for r in rulings] == [
        ("tone_fell", Outcome.APPLY, ""),
        ("many_clicks", Outcome.REFUSE, "one_at_a_time"),
    ]


LEVELS = st.floats(0.1, 8.0)


@given(before=LEVELS, factor=LEVELS, automatic=st.booleans(), days=st.integers(0, 13))
def test_no_applied_weight_leaves_step_and_bounds(
    before: float, factor: float, automatic: bool, days: int
) -> None:
    state = make_state(exposure_weight=before, now=START + timedelta(days=days))
    proposal = Proposal(CampaignAction.EXPOSURE, Source.RULE, "x", before, before * factor)
    ruling = rule(proposal, state, is_automatic=automatic)
    after = ruling.proposal.after
    assert isinstance(after, float)
    assert before / 1.5 - 1e-9 <= after <= before * 1.5 + 1e-9
    assert min(before, 0.25) <= after <= max(before, 4.0)
    assert ruling.outcome is not Outcome.APPLY or automatic
