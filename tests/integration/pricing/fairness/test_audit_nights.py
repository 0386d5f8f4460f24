"""Audits night by night: in what order, what people answered for, and what happens meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import connection

from pricing.demand.models.demand import DemandModelVersion
from pricing.fairness import selectors as audits
from pricing.fairness.models.audits import ModelAudit
from pricing.fairness.services import audited_prices, fairness
from pricing.fairness.services.fairness import (
    NotAudited,
    ask_for_waiver,
    audit_model,
    audit_models,
    waive_audit,
)
from pricing.learning.models.learning import ModelRamp
from pricing.optimum.core.batch import ShopperFeatures
from pricing.rollout.services.approvals import ask_for_model
from profiles.models import Event
from tests.factories.pricing import NOON, Dairy, open_dairy
from tests.factories.pricing_audits import (
    make_alike,
    make_households,
    make_staff,
    plant_proxy,
    view_cheese,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def households(dairy: Dairy) -> list[int]:
    """Fifty shoppers, every second one "large", who all looked at cheese alike."""
    return make_households(dairy)


def test_the_nightly_audit_begins_with_what_matters_most(
    households: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fairness, "MOST_CANDIDATES", 2)
    asked, active = make_alike(), DemandModelVersion.objects.get(status="active")
    ask_for_model(model_id=asked.pk, reason="better", by_id=make_staff("alice"), now=NOON)
    tried = make_alike()
    DemandModelVersion.objects.filter(pk=tried.pk).update(status="retired")
    ModelRamp.objects.create(model=tried, salt="s", begun_at=NOON)
    others = [make_alike().pk for _ in range(3)]
    made = [one.model for one in audit_models(now=NOON)]
    assert made == [active.pk, tried.pk, asked.pk, others[2], others[1]]


def test_a_newer_candidate_replaces_one_nobody_asked_for(
    dairy: Dairy,
) -> None:
    open_dairy()
    asked, tried, older, other, newest = (make_alike() for _ in range(5))
    ask_for_model(model_id=asked.pk, reason="better", by_id=make_staff("alice"), now=NOON)
    ModelRamp.objects.create(model=tried, salt="s", begun_at=NOON)
    DemandModelVersion.objects.filter(pk=other.pk).update(kind="other")
    assert fairness.audit_nightly(now=NOON) == 5
    refused = DemandModelVersion.objects.get(status="refused")
    assert refused.pk == older.pk
    assert refused.metrics["refusal"] == "a newer model of its kind has taken its place"
    left = DemandModelVersion.objects.filter(status="candidate").order_by("pk")
    assert [row.pk for row in left] == [asked.pk, tried.pk, other.pk, newest.pk]
    assert fairness.drop_superseded() == 0


def test_a_waiver_stands_until_findings_are_worse(households: list[int], dairy: Dairy) -> None:
    plant_proxy(households, dairy)
    model = make_alike()
    first = audit_model(model_id=model.pk, now=NOON)
    alice, bob = make_staff("alice"), make_staff("bob")
    ask_for_waiver(audit_id=first.id, reason="a free trial week", by_id=alice, now=NOON)
    waive_audit(audit_id=first.id, by_id=bob, now=NOON)
    second = audit_model(model_id=model.pk, now=NOON)
    assert second.state == "waived"
    row = ModelAudit.objects.get(pk=second.id)
    signed = (row.waiver_reason, row.waiver_asked_by_id, row.waived_by_id, row.waived_at)
    assert signed == ("a free trial week", alice, bob, NOON)
    # What people read was milder than what is found now, although the last night's was not.
    report = ModelAudit.objects.get(pk=first.id).report
    milder = [one | {"value": one["limit"]} for one in report["findings"]]
    ModelAudit.objects.filter(pk=first.id).update(report=report | {"findings": milder})
    assert audit_model(model_id=model.pk, now=NOON).state == "failed"
    with pytest.raises(NotAudited):
        fairness.require_audit(model)


def test_worse_means_further_off_or_another_group() -> None:
    paid = {"rule": "paid", "trait": "age", "group": "65+", "limit": 1.02, "is_certain": True}
    read = {"findings": [paid | {"value": 1.0312}]}

    def no_worse(*findings: dict[str, object]) -> bool:
        return audits.is_no_worse({"findings": list(findings)}, read)

    assert no_worse()
    assert no_worse(paid | {"value": 1.0314})
    assert no_worse(paid | {"value": 1.025})
    assert not no_worse(paid | {"value": 1.0316})
    assert not no_worse(paid | {"value": 0.975, "limit": 0.98})
    assert not no_worse(paid | {"value": 1.025, "group": "85+"})
    assert no_worse(paid | {"value": 1.025, "group": "85+", "is_certain": False})


@pytest.mark.django_db(transaction=True)
def test_what_people_do_during_an_audit_is_no_trait(
    households: list[int], dairy: Dairy, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, reads = audited_prices.load_audited, 0

    def look_around() -> None:
        try:
            Event.objects.bulk_create(view_cheese(households[reads], dairy, 9))
        finally:
            connection.close()

    def busy(ids: list[int], now: datetime) -> list[ShopperFeatures]:
        """The features, after which another one looks at cheese on another connection."""
        nonlocal reads
        reads += 1
        found = load(ids, now)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(look_around).result()
        return found

    monkeypatch.setattr(fairness, "load_audited", busy)
    verdict = audit_model(model_id=make_alike().pk, now=NOON)
    assert reads == 3
    views = [Event.objects.filter(shopper_id=one).count() for one in households[1:4]]
    assert views == [1 + 9, 2 + 9, 2 + 9]
    assert ModelAudit.objects.get(pk=verdict.id).is_blind
