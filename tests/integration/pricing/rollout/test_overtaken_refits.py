"""A refit that passed, but under which the model in use changed: it waits and says why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from pricing.base.metrics import refits_total
from pricing.demand.models.demand import DemandModelVersion
from pricing.learning.models.learning import ModelChange
from pricing.rollout.selectors.verdicts import list_waits
from pricing.rollout.services import refits
from pricing.rollout.services.refits import check_refit
from tests.factories.pricing import NOON, Dairy, make_model, open_dairy
from tests.factories.pricing_audits import make_alike

pytestmark = pytest.mark.django_db


@pytest.fixture
def candidate(dairy: Dairy) -> DemandModelVersion:
    """A refit that prices as the model in use does."""
    open_dairy()
    return make_alike()


def use_while(
    candidate: DemandModelVersion, monkeypatch: pytest.MonkeyPatch, happen: Callable[[], object]
) -> DemandModelVersion:
    """Bring a candidate into use while `happen` comes between comparison and use; return it."""

    def check(**keywords: Any) -> dict[str, Any]:
        told = check_refit(**keywords)
        happen()
        return told

    monkeypatch.setattr(refits, "check_refit", check)
    before = refits_total.labels(outcome="overtaken")._value.get()
    assert refits.use_refit(model_id=candidate.pk, now=NOON).allows_use
    assert refits_total.labels(outcome="overtaken")._value.get() == before + 1
    candidate.refresh_from_db()
    assert not candidate.metrics["refit_check"]["is_passed"]
    return candidate


def test_another_model_in_use_meanwhile_is_told(
    candidate: DemandModelVersion,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    row = use_while(candidate, monkeypatch, make_model)
    assert row.status == "candidate"
    assert f"refit {row.pk} is not used: model_changed" in caplog.text
    assert list_waits(row.metrics) == [
        "another model came into use while this one was compared: train again, or decide by people"
    ]
    with override("zh-hans"):
        assert list_waits(row.metrics) == ["比较期间有另一个模型投入使用：请重新训练，或由人决定"]


def test_a_rollback_meanwhile_is_told(
    candidate: DemandModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_use = DemandModelVersion.objects.get(status="active")
    row = use_while(
        candidate,
        monkeypatch,
        lambda: ModelChange.objects.create(model=in_use, kind="rolled_back", at=NOON),
    )
    assert [one["code"] for one in row.metrics["refit_check"]["reasons"]] == ["rolled_back"]
    assert row.status == "candidate"


def test_a_first_model_that_another_overtook_is_told(
    candidate: DemandModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    DemandModelVersion.objects.filter(status="active").update(status="retired")
    monkeypatch.setattr(refits, "lock_models", make_model)
    refits.use_refit(model_id=candidate.pk, now=NOON)
    candidate.refresh_from_db()
    assert candidate.status == "candidate"
    assert candidate.metrics["refit_check"]["reasons"][0]["code"] == "model_changed"


def test_staff_see_it_in_the_table(root: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make_model()
    row = use_while(make_alike(), monkeypatch, make_model)
    page = root.get(reverse("admin:pricing_demandmodelversion_change", args=[row.pk]))
    assert "another model came into use while this one was compared" in page.content.decode()
    table = root.get(reverse("admin:pricing_demandmodelversion_changelist")).content.decode()
    assert "waits for people" in table
