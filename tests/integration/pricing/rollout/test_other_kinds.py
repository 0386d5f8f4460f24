"""A model of another kind, from training to quotes and back: gate, trial, use, refit, rollback."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from django.utils.translation import override

from pricing.api import (
    demand_curve,
    drain_quotes,
    publish_price_book,
    quote_variants,
    replay_quote,
    train_demand,
)
from pricing.demand.models.demand import DemandModelVersion
from pricing.demand.selectors.versions import list_department_elasticities, load_active_model
from pricing.learning.models.learning import ModelChange
from pricing.learning.selectors.offline import evaluate_offline
from pricing.learning.services.learning import learn_online
from pricing.ledger.models.quotes import Quote
from pricing.ledger.selectors.exposures import load_exposures
from pricing.optimum.core.monitoring import RefitBounds
from pricing.quoting.selectors.rollouts import load_tried
from pricing.rollout.selectors.lift import compare_shadow
from pricing.rollout.selectors.verdicts import say_refit
from pricing.rollout.services import refits
from pricing.rollout.services.approvals import NotOffered, activate_model, ask_for_model
from pricing.rollout.services.refits import UnknownFamily
from pricing.rollout.services.rollback import audit_and_go_back, rollback_model
from pricing.rollout.services.rollouts import begin_rollout
from profiles.models import Event
from profiles.values import ShopperValue
from shop.ground.catalog.models import Variant
from shop.ground.catalog.selectors import forget_catalog
from shop.ground.kernel.arrays import hash_arrays, pack_arrays
from tests.factories.looks import fill_shelves
from tests.factories.pricing import NOON, committed, look_at, make_treated, visit
from tests.factories.pricing_history import ELASTICITY, WEEKS, open_tea_history
from tests.factories.pricing_trials import activate_by_two, climb, make_people

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
FAMILY = "hierarchical_logit"


@pytest.fixture
def teas() -> list[int]:
    """A tea shop with the champion in use and a book."""
    variants = open_tea_history()
    assert train_demand(as_of=NOON, weeks=WEEKS).kind == "pooled_poisson"
    with committed():
        publish_price_book(now=NOON)
    return variants


def make_late_tea(teas: list[int]) -> int:
    """Return a tea that nobody bought yet."""
    late = Variant.objects.get(pk=teas[0])
    late.pk, late.sku, late.external_ref = None, "TEA-LATE", "late"
    late.save()
    forget_catalog()
    return int(late.pk)


def let_pass(model_id: int) -> None:
    """Let a challenger's leaderboard say that it may take the slot."""
    row = DemandModelVersion.objects.get(pk=model_id)
    gate = {"may_take": True, "reasons": [], "holder": "pooled_poisson"}
    DemandModelVersion.objects.filter(pk=model_id).update(metrics=row.metrics | {"gate": gate})


def ask(teas: list[int], alice: ShopperValue, now: datetime) -> set[int]:
    """Return the models that quote Alice, all decisions made again bit for bit."""
    look_at(alice, teas[:4], now)
    quote_variants(context=visit(alice, now), variant_ids=teas[:4])
    drain_quotes()
    rows = list(Quote.objects.filter(issued_at__gte=now, is_complete=True))
    assert all(replay_quote(quote_id=row.pk).is_identical for row in rows)
    return {row.model_version for row in rows}


def judge_in_shadow(model: int) -> None:
    """Let shadow and offline verdict look at Alice's four decisions with a challenger's prices."""
    later = NOON + HOUR
    exposures = load_exposures(
        since=NOON - HOUR, until=later, now=later, market="us", channel="online"
    )
    place = ("us", "online")
    shadow = compare_shadow(exposures, load_tried(model, place), place)
    assert (shadow.decisions, shadow.violations) == (4, 0)
    verdict = evaluate_offline(model_version=model, since=NOON - HOUR, until=later, now=later)
    assert verdict.exposures == 4


def test_a_challenger_is_a_candidate_behind_a_shut_gate(
    teas: list[int],
) -> None:
    in_use = load_active_model()[0]
    row = train_demand(as_of=NOON, weeks=WEEKS, family=FAMILY)
    assert (row.kind, row.status) == (FAMILY, "candidate")
    assert load_active_model()[0].id == in_use.id
    assert row.metrics["elasticity_p10_p50_p90"][1] == pytest.approx(-ELASTICITY, abs=0.25)
    assert row.metrics["compression"]["curve_error"] < 0.05
    assert row.metrics["size"]["is_compressed"]
    assert {"wmape", "coverage_90", "backtest_weeks"} <= set(row.metrics)
    bob, ann = make_people("bob", "ann")
    with pytest.raises(NotOffered, match="too few products or weeks to compare models"):
        ask_for_model(model_id=row.id, reason="fits better", by_id=bob, now=NOON)
    let_pass(row.id)
    ask_for_model(model_id=row.id, reason="fits better", by_id=bob, now=NOON)
    with pytest.raises(NotOffered, match="at the end of its trial"):
        activate_model(model_id=row.id, by_id=ann, now=NOON)
    with pytest.raises(UnknownFamily, match="trees"):
        train_demand(as_of=NOON, family="forest")


def test_a_first_model_of_another_kind_is_not_used_unasked() -> None:
    open_tea_history()
    row = train_demand(as_of=NOON, weeks=WEEKS, family="linear")
    assert (row.kind, row.status) == ("linear", "candidate")
    assert load_active_model() is None


def test_a_challenger_goes_through_trial_into_use_and_back(teas: list[int]) -> None:
    bob, ann = make_people("bob", "ann")
    fill_shelves(teas)
    champion = load_active_model()[0].id
    assert ModelChange.objects.get().reason == "first"
    model = train_demand(as_of=NOON, weeks=WEEKS, family=FAMILY).id
    let_pass(model)
    ask_for_model(model_id=model, reason="fits better", by_id=bob, now=NOON)
    alice = make_treated()
    assert ask(teas, alice, NOON) == {champion}

    with committed():
        ramp = begin_rollout(model_id=model, by_id=ann, now=NOON)
    judge_in_shadow(model)
    with committed():
        climb(ramp, 1.0)
    assert ask(teas, alice, NOON + 3 * HOUR) == {model}

    with committed():
        activate_model(model_id=model, by_id=ann, now=NOON + 4 * HOUR)
        report = publish_price_book(now=NOON + 5 * HOUR)
    assert report.is_new
    assert ask(teas, alice, NOON + 6 * HOUR) == {model}
    assert learn_online(now=NOON + 12 * HOUR).exposures > 0
    assert demand_curve(variant_id=teas[0]).elasticity == pytest.approx(-ELASTICITY, abs=0.6)
    assert list_department_elasticities()

    refit = train_demand(as_of=NOON + 13 * HOUR, weeks=WEEKS)
    assert (refit.kind, refit.status) == (FAMILY, "active")
    assert ModelChange.objects.first().reason == "refit"
    check = DemandModelVersion.objects.get(pk=refit.id).metrics["refit_check"]
    assert (check["former"], check["is_passed"]) == (model, True)
    assert check["figures"]["elasticity_median"] == pytest.approx(0.0, abs=1e-4)

    with committed():
        back = rollback_model(reason="sales fell", by_id=ann, now=NOON + 14 * HOUR, to_id=champion)
    assert back == champion
    assert ask(teas, alice, NOON + 15 * HOUR) == {champion}
    assert ModelChange.objects.first().kind == "rolled_back"


def test_a_refit_whose_prices_jump_waits_for_two_people(teas: list[int]) -> None:
    row = load_active_model()[0]
    served = load_tried(row.id, ("us", "online"))
    steep = replace(served, elasticity=2.5 * served.elasticity).arrays()
    DemandModelVersion.objects.filter(pk=row.id).update(
        arrays=pack_arrays(steep), sha256=hash_arrays(steep)
    )
    refit = train_demand(as_of=NOON + HOUR, weeks=WEEKS)
    assert refit.status == "candidate"
    check = refit.metrics["refit_check"]
    assert (check["former"], check["is_passed"]) == (row.id, False)
    assert check["figures"]["variants"] == len(teas)
    assert check["figures"]["elasticity_median"] == pytest.approx(np.log(2.5), abs=0.01)
    assert "elasticity_median" in {one["code"] for one in check["reasons"]}
    activate_by_two(refit.id, NOON + 2 * HOUR)
    assert load_active_model()[0].id == refit.id


def test_a_broken_sales_feed_does_not_replace_the_learned_model(
    teas: list[int],
) -> None:
    in_use = load_active_model()[0]
    Event.objects.all().delete()
    refit = train_demand(as_of=NOON + HOUR, weeks=WEEKS)
    assert (refit.metrics["items"], refit.status) == (0, "candidate")
    assert load_active_model()[0].id == in_use.id
    assert say_refit(refit.metrics)


def test_real_decisions_are_priced_anew_before_a_refit_is_used(
    teas: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(teas, make_treated(), NOON)
    calm = train_demand(as_of=NOON + HOUR, weeks=WEEKS)
    figures = calm.metrics["refit_check"]["figures"]
    assert (calm.status, figures["decisions"], figures["violations"]) == ("active", 4, 0)
    assert figures["shadow_gap"] == pytest.approx(0.0, abs=1e-4)
    monkeypatch.setattr(refits, "BOUNDS", RefitBounds(shadow_gap=-1.0))
    held = train_demand(as_of=NOON + 2 * HOUR, weeks=WEEKS)
    assert held.status == "candidate"
    assert [one["code"] for one in held.metrics["refit_check"]["reasons"]] == ["shadow_gap"]
    assert (
        train_demand(as_of=NOON + 12 * HOUR, weeks=WEEKS).metrics["refit_check"]["figures"][
            "decisions"
        ]
        == 0
    )


def test_a_refit_with_a_nan_figure_is_held(
    teas: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(teas, make_treated(), NOON)
    monkeypatch.setattr(
        refits,
        "compare_shadow",
        lambda *asked: replace(compare_shadow(*asked), mean_absolute_gap=np.nan),
    )
    in_use = load_active_model()[0]
    held = train_demand(as_of=NOON + HOUR, weeks=WEEKS)
    assert (held.status, load_active_model()[0].id) == ("candidate", in_use.id)
    check = held.metrics["refit_check"]
    assert check["reasons"] == [{"code": "shadow_gap", "value": None, "limit": 0.03}]
    assert (check["figures"]["decisions"], check["figures"]["shadow_gap"]) == (4, None)
    assert say_refit(held.metrics) == [
        "a figure of it is no finite number: distance to decisions of the last hours"
    ]
    with override("zh-hans"):
        assert say_refit(held.metrics) == ["它有一项数字不是有限数值：与最近几小时决策的差距"]


def test_a_training_without_recent_sales_is_refused(teas: list[int]) -> None:
    late = Event.objects.filter(occurred_at__gt=NOON - timedelta(weeks=10))
    newest = late.order_by("-occurred_at").first()
    late.exclude(pk=newest.pk).delete()
    Event.objects.filter(pk=newest.pk).update(variant_id=make_late_tea(teas))
    row = train_demand(as_of=NOON + HOUR, weeks=WEEKS)
    assert (row.metrics["wmape"], row.status) == (None, "refused")


def test_a_model_that_had_learned_nothing_is_no_yardstick(teas: list[int]) -> None:
    row = load_active_model()[0]
    DemandModelVersion.objects.filter(pk=row.id).update(metrics={"items": 0})
    refit = train_demand(as_of=NOON + HOUR, weeks=WEEKS)
    assert (refit.status, refit.metrics["refit_check"]["figures"]) == ("active", {})


def test_one_action_audits_a_model_and_puts_it_back(
    teas: list[int],
) -> None:
    (ann,) = make_people("ann")
    champion = load_active_model()[0].id
    DemandModelVersion.objects.get(pk=champion).audits.all().delete()
    refit = train_demand(as_of=NOON + HOUR, weeks=WEEKS)
    assert refit.status == "active"
    assert audit_and_go_back(reason="sales fell", by_id=ann, now=NOON + 2 * HOUR) == champion
    assert load_active_model()[0].id == champion
    change = ModelChange.objects.first()
    assert (change.kind, change.reason, change.by_id) == ("rolled_back", "sales fell", ann)
