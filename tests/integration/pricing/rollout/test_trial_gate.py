"""No shopper meets a model that logged exposures do not favor, unless a second person answers."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.utils.translation import override

from pricing.api import drain_quotes, quote_variants
from pricing.learning.models.learning import RampStep, ShadowComparison
from pricing.rollout.selectors.staff_learning import list_rollouts
from pricing.rollout.services.approvals import NotOffered
from pricing.rollout.services.rollouts import step_rollout, watch_rollout
from shop.ground.approvals.core.values import NeedsSecondPerson
from tests.factories.pricing import NOON, Dairy, look_at, make_treated, open_dairy, visit
from tests.factories.pricing_trials import HOUR, begin, make_candidate, open_gate

TOMORROW = NOON + 24 * HOUR


@pytest.fixture
def people(db: None) -> list[int]:
    """Bob, who asks, Ann, who begins the trial, and Eve."""
    people = get_user_model().objects
    return [people.create(email=f"{name}@example.com").pk for name in ("bob", "ann", "eve")]


@pytest.fixture
def ramp(dairy: Dairy, people: list[int]) -> int:
    """A trial whose shadow was long enough, with four exposures on record."""
    open_dairy()
    model = make_candidate(dairy, people[0])
    ramp = begin(model, people[1])
    alice = make_treated()
    look_at(alice, dairy.cheeses)
    quote_variants(context=visit(alice, NOON + HOUR), variant_ids=dairy.cheeses)
    drain_quotes()
    ShadowComparison.objects.create(
        model=model,
        at=TOMORROW,
        since=NOON,
        until=TOMORROW,
        decisions=500,
        figures={"gap": -0.01, "violations": 0},
    )
    return ramp


def test_a_shut_gate_holds_a_trial_until_another_person_answers(
    ramp: int, people: list[int]
) -> None:
    _, ann, eve = people
    assert watch_rollout(now=TOMORROW) == "wait"
    step = RampStep.objects.get()
    offline = step.evidence["offline"]
    assert (offline["is_open"], offline["exposures"]) == (False, 4)
    assert {"few_shoppers", "gain_not_sure"} <= set(offline["reasons"])
    told = "not enough data for an offline verdict"
    assert (step.reason, step.evidence["reason"]) == ("shadow", "needs_answer")
    said = f"in the shadow; {told}; somebody must take responsibility for the step"
    assert list_rollouts()[0].steps[0].reason == said
    for by_id, error in ((None, NotOffered), (ann, NeedsSecondPerson)):
        with pytest.raises(error, match=told):
            step_rollout(ramp_id=ramp, share=0.01, reason="try", by_id=by_id, now=TOMORROW)
    step_rollout(ramp_id=ramp, share=0.01, reason="few shops", by_id=eve, now=TOMORROW)
    assert RampStep.objects.first().share == 0.01
    assert RampStep.objects.last().evidence["offline"] == offline


def test_an_open_gate_advances_the_trial_and_lasts_a_day(ramp: int) -> None:
    open_gate(ramp)
    assert watch_rollout(now=TOMORROW) == "go_on"
    shadow = list_rollouts()[0].steps[-1]
    assert shadow.reason.startswith("in the shadow; logged prices show a sure gain")
    assert RampStep.objects.first().share == 0.01


def test_an_old_verdict_is_made_anew(ramp: int) -> None:
    open_gate(ramp)
    assert watch_rollout(now=TOMORROW + HOUR) == "wait"
    assert RampStep.objects.get().evidence["offline"]["is_open"] is False


def test_without_exposures_there_is_not_enough_data(dairy: Dairy, people: list[int]) -> None:
    open_dairy()
    begin(make_candidate(dairy, people[0]), people[1])
    assert watch_rollout(now=NOON + HOUR) == "wait"
    offline = RampStep.objects.get().evidence["offline"]
    assert offline["reasons"] == ["nothing_logged"]
    with override("zh-hans"):
        assert "数据不足" in list_rollouts()[0].steps[0].reason
