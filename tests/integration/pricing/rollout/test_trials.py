"""A new model is tried on a growing share of shoppers, and an old one is back in one click."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import numpy as np
import pytest
from django.contrib.auth import get_user_model

from pricing.api import drain_quotes, quote_listing, quote_variants, replay_quote, set_kill_switch
from pricing.demand.models.demand import DemandModelVersion
from pricing.fairness.models.audits import ModelAudit
from pricing.fairness.services.fairness import NotAudited
from pricing.learning.models.learning import ModelChange, ModelRamp, RampStep, ShadowComparison
from pricing.ledger.models.quotes import Quote
from pricing.policy.models.breakers import BreakerTrip
from pricing.quoting.selectors.rollouts import Rollout, load_rollout
from pricing.quoting.selectors.serving import get_serving
from pricing.rollout.services.approvals import NotOffered, activate_model
from pricing.rollout.services.rollback import undo_trip
from pricing.rollout.services.rollouts import step_rollout, stop_rollout, watch_rollout
from profiles.values import ShopperValue
from shop.ground.approvals.core.values import NeedsSecondPerson
from shop.ground.catalog.selectors import versions
from tests.factories.pricing import (
    NOON,
    Dairy,
    committed,
    look_at,
    make_treated,
    open_dairy,
    visit,
)
from tests.factories.pricing_trials import HOUR, STEEP, audit, begin, climb, make_candidate
from tests.factories.pricing_visits import ask_cheeses, make_visits


@pytest.fixture
def bob(db: None) -> int:
    """Bob of staff, who asks."""
    return int(get_user_model().objects.create(email="bob@example.com").pk)


@pytest.fixture
def ann(db: None) -> int:
    """Ann of staff, who decides."""
    return int(get_user_model().objects.create(email="ann@example.com").pk)


@pytest.fixture
def tried(dairy: Dairy, bob: int) -> DemandModelVersion:
    """A candidate somebody asked for, in an open dairy."""
    open_dairy()
    return make_candidate(dairy, bob)


def cheap(dairy: Dairy, shopper: ShopperValue, now: datetime = NOON) -> int:
    views = quote_variants(context=visit(shopper, now), variant_ids=dairy.cheeses).prices
    return sum(view.quoted_minor for view in views.values())


def test_a_trial_needs_two_people_and_no_other_trial(
    dairy: Dairy, tried: DemandModelVersion, bob: int, ann: int
) -> None:
    with pytest.raises(NeedsSecondPerson):
        begin(tried, bob)
    active = DemandModelVersion.objects.get(status="active")
    with pytest.raises(NotOffered):
        begin(active, ann)
    ramp = begin(tried, ann)
    with pytest.raises(NotOffered, match="Another trial"):
        begin(tried, ann)
    stop_rollout(ramp_id=ramp, reason="enough", by_id=ann, now=NOON)
    with pytest.raises(NotOffered):
        stop_rollout(ramp_id=ramp, reason="", by_id=ann, now=NOON)
    kinds = ModelChange.objects.order_by("id").values_list("kind", "by_id")
    assert list(kinds) == [("ramp_begun", ann), ("ramp_stopped", ann)]


def test_a_model_whose_fairness_was_not_audited_is_not_tried(
    dairy: Dairy, tried: DemandModelVersion, ann: int
) -> None:
    ModelAudit.objects.all().delete()
    with pytest.raises(NotAudited):
        begin(tried, ann)


def test_one_person_goes_up_one_share_and_down_to_any(
    dairy: Dairy, tried: DemandModelVersion, bob: int, ann: int
) -> None:
    ramp = begin(tried, ann)

    def step(share: float, by_id: int) -> None:
        step_rollout(ramp_id=ramp, share=share, reason="test", by_id=by_id, now=NOON)

    with pytest.raises(NotOffered, match="one share at a time"):
        step(1.0, ann)
    climb(ramp, 0.0)
    step(0.01, ann)
    with pytest.raises(NeedsSecondPerson, match="somebody else must take the next one up"):
        step(0.05, ann)
    step(0.05, bob)
    with pytest.raises(NotOffered, match="one share at a time"):
        step(0.5, ann)
    step(0.25, ann)
    step(0.01, ann)
    steps = RampStep.objects.filter(ramp=ramp).order_by("id").values_list("share", "by_id")
    assert list(steps) == [(0.0, ann), (0.01, ann), (0.05, bob), (0.25, ann), (0.01, ann)]


def test_a_failed_audit_allows_only_steps_away_from_shoppers(
    dairy: Dairy, tried: DemandModelVersion, bob: int, ann: int
) -> None:
    ramp = begin(tried, ann, share=0.05)
    audit(tried, is_passed=False)
    for share in (0.01, 0.05, 0.25):
        with pytest.raises(NotAudited):
            step_rollout(ramp_id=ramp, share=share, reason="test", by_id=bob, now=NOON)
    step_rollout(ramp_id=ramp, share=0.0, reason="test", by_id=bob, now=NOON)
    assert load_rollout() is None


@pytest.mark.parametrize("share", [0.0, 0.25])
def test_a_trial_ends_once_the_audit_of_its_model_fails(
    dairy: Dairy, tried: DemandModelVersion, ann: int, share: float
) -> None:
    begin(tried, ann, share)
    row = audit(tried, is_passed=False)
    ModelAudit.objects.filter(pk=row.pk).update(unlisted=["postcode"])
    assert watch_rollout(now=NOON + HOUR) == "stop"
    assert load_rollout() is None
    assert ModelRamp.objects.get().end == "tripped"
    change = ModelChange.objects.first()
    assert (change.kind, change.reason) == ("ramp_stopped", "not_audited")
    assert RampStep.objects.first().evidence["reason"] == change.reason
    with pytest.raises(NotAudited, match="postcode"):
        begin(tried, ann)


def test_whoever_activates_a_model_on_trial_ends_its_trial_well(
    dairy: Dairy, tried: DemandModelVersion, ann: int
) -> None:
    before = DemandModelVersion.objects.get(status="active")
    begin(tried, ann, share=1.0)
    with committed():
        activate_model(model_id=tried.pk, by_id=ann, now=NOON + HOUR)
    assert ModelRamp.objects.get().end == "promoted"
    change = ModelChange.objects.first()
    assert (change.kind, change.former_id, change.by_id) == ("activated", before.pk, ann)
    assert change.reason == "fits better"


def test_in_the_shadow_nobody_is_quoted_by_it(
    dairy: Dairy, tried: DemandModelVersion, ann: int
) -> None:
    begin(tried, ann)
    assert load_rollout() is None
    ask_cheeses(dairy, make_treated())
    drain_quotes()
    assert tried.pk not in set(Quote.objects.values_list("model_version", flat=True))


def test_a_fully_ramped_model_quotes_everybody_and_public_prices_stay(
    dairy: Dairy, tried: DemandModelVersion, ann: int
) -> None:
    alice = make_treated()
    look_at(alice, dairy.cheeses)
    public = quote_variants(context=visit(None), variant_ids=dairy.all).prices
    begin(tried, ann, share=1.0)
    views = quote_variants(context=visit(alice), variant_ids=dairy.all).prices
    assert [view.public_minor for view in views.values()] == [
        view.public_minor for view in public.values()
    ]
    drain_quotes()
    rows = list(Quote.objects.filter(is_complete=True))
    assert {row.model_version for row in rows} == {tried.pk}
    assert {row.inputs["elasticity"] for row in rows} == {STEEP}
    assert all(replay_quote(quote_id=row.pk).is_identical for row in rows)
    listed = quote_listing(context=visit(alice), variant_ids=np.array(dairy.all))
    assert listed.tolist() == [views[one].quoted_minor for one in dairy.all]


def test_two_models_cost_no_query_once_they_are_in_memory(
    dairy: Dairy,
    tried: DemandModelVersion,
    ann: int,
    django_assert_num_queries: object,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(versions, "VERSION_SECONDS", 3600.0)  # a slow machine asks no sooner
    begin(tried, ann, share=0.5)
    alice = make_treated()
    look_at(alice, dairy.cheeses)
    get_serving()
    with django_assert_num_queries(0):
        quote_variants(context=visit(alice), variant_ids=dairy.cheeses)


def test_a_kill_switch_stops_the_model_on_trial_alone(
    dairy: Dairy, tried: DemandModelVersion, ann: int
) -> None:
    alice = make_treated()
    look_at(alice, dairy.cheeses)
    public = cheap(dairy, None)
    ramp = begin(tried, ann, share=1.0)
    assert cheap(dairy, alice) < public
    with committed():
        set_kill_switch(
            scope="model", key=str(tried.pk), is_active=True, reason="t", by_id=ann, now=NOON
        )
    assert cheap(dairy, alice) == public
    with committed():
        stop_rollout(ramp_id=ramp, reason="killed", by_id=ann, now=NOON)
    assert cheap(dairy, alice) < public


def test_a_spoiled_model_on_trial_quotes_nobody(
    dairy: Dairy, tried: DemandModelVersion, ann: int
) -> None:
    ramp = begin(tried, ann)
    DemandModelVersion.objects.filter(pk=tried.pk).update(
        arrays=DemandModelVersion.objects.get(status="active").arrays
    )
    with committed():
        climb(ramp, 1.0)
    ask_cheeses(dairy, make_treated())
    drain_quotes()
    active = DemandModelVersion.objects.get(status="active")
    assert set(Quote.objects.values_list("model_version", flat=True)) == {active.pk}


def test_the_shadow_is_compared_every_hour_and_then_goes_on(
    dairy: Dairy, tried: DemandModelVersion, ann: int
) -> None:
    ramp = begin(tried, ann)
    alice = make_treated()
    look_at(alice, dairy.cheeses)
    quote_variants(context=visit(alice, NOON + HOUR / 2), variant_ids=dairy.cheeses)
    drain_quotes()
    assert watch_rollout(now=NOON + HOUR / 2) == "wait"
    assert ShadowComparison.objects.count() == 0
    assert watch_rollout(now=NOON + HOUR) == "wait"
    row = ShadowComparison.objects.get()
    assert (row.decisions, row.figures["violations"]) == (4, 0)
    assert -0.1 < row.figures["gap"] < 0.0
    shares = [row.figures[f"{name}_share"] for name in ("lower", "same", "higher")]
    assert shares == [1.0, 0.0, 0.0]
    assert row.figures["mean_absolute_gap"] == pytest.approx(-row.figures["gap"])
    ShadowComparison.objects.update(decisions=500, figures=row.figures | {"gap": -0.01})
    climb(ramp, 0.0)
    assert watch_rollout(now=NOON + timedelta(hours=24)) == "go_on"
    assert RampStep.objects.first().share == 0.01
    assert load_rollout() == Rollout(tried.pk, ModelRamp.objects.get().salt, 0.01)


def test_a_losing_trial_stops_itself_and_undo_restarts_it(
    dairy: Dairy, tried: DemandModelVersion, bob: int, ann: int
) -> None:
    begin(tried, ann, share=0.25)
    rng = np.random.default_rng(1)
    make_visits(rng.normal(100.0, 5.0, 300), is_held_out=False, model_version=tried.pk - 1)
    assert watch_rollout(now=NOON + HOUR) == "wait"
    own = {"model_version": tried.pk, "first_owner": 900}
    make_visits(rng.normal(80.0, 5.0, 120), is_held_out=False, **own)
    assert watch_rollout(now=NOON + HOUR) == "stop"
    assert load_rollout() is None
    row = BreakerTrip.objects.get()
    assert (row.kind, row.key, row.action) == ("ramp", str(tried.pk), "stopped_ramp")
    assert row.evidence["difference"] == pytest.approx(-20.0, abs=2.0)
    assert ModelRamp.objects.get().end == "tripped"
    assert watch_rollout(now=NOON + HOUR) == ""
    undo = partial(undo_trip, trip_id=row.pk, reason="a holiday", now=NOON + 2 * HOUR)
    with pytest.raises(NeedsSecondPerson):
        undo(by_id=bob)
    failed = audit(tried, is_passed=False)
    with pytest.raises(NotAudited):
        undo(by_id=ann)
    failed.delete()
    undo(by_id=ann)
    again = ModelRamp.objects.get(ended_at__isnull=True)
    assert (again.model_id, again.steps.get().share) == (tried.pk, 0.0)
