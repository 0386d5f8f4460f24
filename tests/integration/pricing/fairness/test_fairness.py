"""No model without a passed audit: what stops one, who may answer for it, what traits change."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from pricing.demand.models.demand import DemandModelVersion
from pricing.fairness import selectors as audits
from pricing.fairness.core.groups import FairnessLimits
from pricing.fairness.models.audits import ModelAudit
from pricing.fairness.services import audited_prices, fairness
from pricing.fairness.services.fairness import (
    NotAudited,
    ask_for_waiver,
    audit_model,
    audit_models,
    waive_audit,
)
from pricing.optimum.core.batch import ShopperFeatures
from pricing.rollout.services import refits
from pricing.rollout.services.approvals import activate_model, ask_for_model
from profiles.accounts.services.bulk import load_traits_bulk
from profiles.models import Shopper
from profiles.shoppers.models.audit import AuditTrait
from profiles.shoppers.selectors.traits import load_audit_traits
from profiles.shoppers.services.traits import exchange_traits
from shop.ground.approvals.core.values import NeedsSecondPerson, NotWaiting
from tests.factories.pricing import NOON, Dairy, open_dairy
from tests.factories.pricing_audits import (
    EACH,
    make_alike,
    make_households,
    make_staff,
    plant_proxy,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def households(dairy: Dairy) -> list[int]:
    """Fifty shoppers, every second one "large", who all looked at cheese alike."""
    return make_households(dairy)


def test_equal_households_pass_and_the_report_tells_the_groups(households: list[int]) -> None:
    verdict = audit_model(model_id=make_alike().pk, now=NOON)
    assert (verdict.state, verdict.people, verdict.compared) == ("passed", 50, 50)
    rows = audits.list_group_rows(verdict.report)
    assert [row[:3] for row in rows] == [("household", "large", "25"), ("household", "small", "25")]
    assert min(float(row[4].split()[0]) for row in rows) > 0.0, "there are discounts to compare"


def test_a_planted_proxy_fails_and_blocks_promotion(households: list[int], dairy: Dairy) -> None:
    plant_proxy(households, dairy)
    model = make_alike()
    verdict = audit_model(model_id=model.pk, now=NOON)
    assert verdict.state == "failed"
    assert verdict.reasons[0].startswith("Prices tell household “large” (AUC ")
    ask_for_model(model_id=model.pk, reason="better", by_id=make_staff("alice"), now=NOON)
    with pytest.raises(NotAudited, match="Prices tell household"):
        activate_model(model_id=model.pk, by_id=make_staff("bob"), now=NOON)
    model.refresh_from_db()
    assert model.status == "candidate"


def test_a_refit_that_fails_stays_a_candidate(households: list[int], dairy: Dairy) -> None:
    plant_proxy(households, dairy)
    model = make_alike()
    assert refits.use_refit(model_id=model.pk, now=NOON).state == "failed"
    model.refresh_from_db()
    assert model.status == "candidate"


def test_a_passing_refit_replaces_the_old_model(households: list[int]) -> None:
    old, model = DemandModelVersion.objects.get(status="active"), make_alike()
    assert refits.use_refit(model_id=model.pk, now=NOON).allows_use
    assert dict(DemandModelVersion.objects.values_list("pk", "status")) == {
        old.pk: "retired",
        model.pk: "active",
    }


def test_a_missing_audit_or_one_of_other_arrays_blocks_promotion(households: list[int]) -> None:
    model = make_alike()
    ask_for_model(model_id=model.pk, reason="better", by_id=make_staff("alice"), now=NOON)
    bob = make_staff("bob")
    with pytest.raises(NotAudited, match="No fairness audit"):
        activate_model(model_id=model.pk, by_id=bob, now=NOON)
    audit_model(model_id=model.pk, now=NOON)
    ModelAudit.objects.update(sha256="0" * 64)
    with pytest.raises(NotAudited, match="No fairness audit"):
        activate_model(model_id=model.pk, by_id=bob, now=NOON)
    audit_model(model_id=model.pk, now=NOON)
    activate_model(model_id=model.pk, by_id=bob, now=NOON)
    model.refresh_from_db()
    assert model.status == "active"


def test_the_newest_audit_decides(households: list[int], dairy: Dairy) -> None:
    model = make_alike()
    assert audit_model(model_id=model.pk, now=NOON).allows_use
    plant_proxy(households, dairy)
    audit_model(model_id=model.pk, now=NOON + timedelta(days=1))
    with pytest.raises(NotAudited):
        fairness.require_audit(model)


def test_a_price_that_sees_a_trait_cannot_be_waived(
    households: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    load = audited_prices.load_audited

    def peek(ids: list[int], now: object) -> list[ShopperFeatures]:
        """Features of a model that reads what it must not."""
        large = {shopper for shopper, _, value in load_audit_traits() if value == "large"}
        return [
            replace(one, values=dict(one.values) | {"activity": 9.0 * (one.shopper_id in large)})
            for one in load(ids, now)
        ]

    monkeypatch.setattr(fairness, "load_audited", peek)
    verdict = audit_model(model_id=make_alike().pk, now=NOON)
    assert verdict.state == "failed"
    assert verdict.reasons[0] == "Prices changed when nothing but declared traits was exchanged."
    with pytest.raises(NotAudited, match="Only a failed audit"):
        ask_for_waiver(audit_id=verdict.id, reason="why not", by_id=make_staff("alice"), now=NOON)
    with pytest.raises(IntegrityError), transaction.atomic():
        ModelAudit.objects.update(waived_at=NOON, waiver_asked_at=NOON, waiver_reason="x")


def test_inputs_off_the_list_stop_a_model(households: list[int]) -> None:
    model = make_alike()
    DemandModelVersion.objects.filter(pk=model.pk).update(feature_hash="e" * 64)
    verdict = audit_model(model_id=model.pk, now=NOON)
    assert (verdict.state, verdict.is_waivable) == ("failed", False)
    assert verdict.reasons[0].startswith("It uses inputs eeeeeeeeeeee")


def test_two_people_may_answer_for_what_groups_pay(households: list[int], dairy: Dairy) -> None:
    plant_proxy(households, dairy)
    model = make_alike()
    failed = audit_model(model_id=model.pk, now=NOON)
    alice, bob = make_staff("alice"), make_staff("bob")
    with pytest.raises(NotWaiting, match="Nobody has asked"):
        waive_audit(audit_id=failed.id, by_id=bob, now=NOON)
    ask_for_waiver(audit_id=failed.id, reason="a free trial week", by_id=alice, now=NOON)
    with pytest.raises(NeedsSecondPerson, match="somebody else"):
        waive_audit(audit_id=failed.id, by_id=alice, now=NOON)
    waive_audit(audit_id=failed.id, by_id=bob, now=NOON)
    assert audits.find_audit(model_id=model.pk, sha256=model.sha256).state == "waived"
    fairness.require_audit(model)
    row = ModelAudit.objects.get(pk=failed.id)
    assert (row.waiver_reason, row.waiver_asked_by_id, row.waived_by_id) == (
        "a free trial week",
        alice,
        bob,
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        ModelAudit.objects.update(waiver_asked_by=bob)


def test_small_groups_appear_nowhere(households: list[int]) -> None:
    load_traits_bulk(rows=[(one, "age", "85+") for one in households[:19]])
    verdict = audit_model(model_id=make_alike().pk, now=NOON)
    assert "85+" not in str(verdict)
    assert verdict.report["small_groups"] == 1


def test_exchanged_traits_are_others_and_come_back(households: list[int]) -> None:
    before = load_audit_traits()
    with exchange_traits() as changed:
        inside = load_audit_traits()
    assert changed == 2 * EACH
    assert all(one != other for one, other in zip(before, inside, strict=True))
    assert sorted(value for _, _, value in inside) == sorted(value for _, _, value in before)
    assert load_audit_traits() == before


def test_minors_are_not_measured(households: list[int]) -> None:
    Shopper.objects.filter(pk__in=households[:10]).update(is_minor=True)
    assert audit_model(model_id=make_alike().pk, now=NOON).people == 2 * EACH - 10


def test_a_shop_without_traits_is_told_so(dairy: Dairy) -> None:
    open_dairy()
    verdict = audit_model(model_id=make_alike().pk, now=NOON)
    assert (verdict.state, verdict.people) == ("passed", 0)
    assert verdict.reasons == ("Nobody has declared a trait: groups could not be compared.",)


def test_the_nightly_audit_takes_the_model_in_use_and_candidates(households: list[int]) -> None:
    first, second = DemandModelVersion.objects.get(status="active"), make_alike()
    made = audit_models(now=NOON)
    assert [one.model for one in made] == [first.pk, second.pk]
    assert audit_models(now=NOON, only_missing=True) == []


def test_the_command_prints_the_verdict(
    households: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    model = DemandModelVersion.objects.get(status="active")
    call_command("audit_fairness")
    printed = capsys.readouterr().out
    assert printed.startswith(f"model {model.pk}: passed, 50 people, 50 prices compared")
    assert "household" in printed


def test_the_limits_are_kept_with_the_audit(households: list[int]) -> None:
    audit_model(model_id=make_alike().pk, now=NOON)
    assert ModelAudit.objects.get().limits == FairnessLimits().as_numbers()
    assert AuditTrait.objects.count() == 2 * EACH
