"""Staff ask for a family, see why a model waits, and go back to one that was never audited."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from pricing.demand.core.families import CHALLENGERS
from pricing.demand.models.demand import DemandModelVersion
from pricing.learning.models.learning import ModelChange
from pricing.rollout.selectors.verdicts import (
    CODES,
    FAMILIES,
    REFIT,
    list_waits,
    say_reason,
    say_refit,
    say_step,
)
from pricing.tasks import audit_and_go_back, train_family
from tests.factories.pricing_trials import make_people

REASONS = [{"code": code, "value": 0.5, "limit": 0.1} for code in REFIT]
SHUT = {
    "may_take": False,
    "reasons": ["no randomised prices to judge its elasticities by"],
    "holder": "pooled_poisson",
}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What was sent to the workers."""
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(
        "shop.ground.jobs.services.current_app.send_task",
        lambda name, **options: found.append({"name": name, **options}),
    )
    return found


def test_a_family_is_fitted_by_a_worker(root: Client, sent: list[dict[str, Any]]) -> None:
    address = reverse("admin:pricing_demandmodelversion_fit_family")
    assert "A worker fits it on the shop" in root.get(address).content.decode()
    root.post(address, {"_form_submitted": "on", "family": "trees"})
    root.post(address, {"_form_submitted": "on", "family": "forest"})
    root.post(address, {"_form_submitted": "on", "family": "linear", "solver": "gd"})
    refused = root.post(address, {"_form_submitted": "on", "family": "trees", "solver": "gd"})
    assert "This family cannot be fitted with this solver." in refused.content.decode()
    assert sent == [
        {
            "name": "pricing.tasks.train_family",
            "queue": "bulk",
            "kwargs": {"family": family, "solver": solver},
        }
        for family, solver in (("trees", ""), ("linear", "gd"))
    ]
    assert set(CHALLENGERS) == set(FAMILIES)


def test_going_back_to_an_unaudited_model_is_one_action(
    root: Client, sent: list[dict[str, Any]]
) -> None:
    address = reverse("admin:pricing_modelchange_audit_and_go_back")
    root.post(address, {"_form_submitted": "on", "reason": "sales fell"})
    assert sent[0]["name"] == "pricing.tasks.audit_and_go_back"
    assert sent[0]["kwargs"]["reason"] == "sales fell"
    assert sent[0]["kwargs"]["by_id"] > 0


@pytest.mark.django_db
def test_a_run_started_again_without_its_words_does_nothing() -> None:
    before = (DemandModelVersion.objects.count(), ModelChange.objects.count())
    assert (train_family.run(), audit_and_go_back.run()) == (0, 0)
    assert (DemandModelVersion.objects.count(), ModelChange.objects.count()) == before


def test_the_table_and_the_leaderboard_say_why_a_model_waits(root: Client) -> None:
    model = DemandModelVersion.objects.order_by("-trained_at").first()
    metrics = {"refit_check": {"is_passed": False, "reasons": REASONS[:1]}, "gate": SHUT}
    DemandModelVersion.objects.filter(pk=model.pk).update(metrics=metrics, status="candidate")
    said = "50 % of the products would move by more than one price point (bound 10 %)"
    table = reverse("admin:pricing_demandmodelversion_changelist")
    assert "waits for people" in root.get(table).content.decode()
    one = reverse("admin:pricing_demandmodelversion_change", args=[model.pk])
    for address in (one, reverse("admin:models")):
        page = root.get(address).content.decode()
        assert said in page
        assert "no randomized prices to judge its elasticities by" in page


def test_the_backtest_of_a_challenger_says_what_its_arrays_lose(root: Client) -> None:
    model = DemandModelVersion.objects.first()
    lost = {"deviance_whole": 2.238, "deviance_served": 2.288, "curve_error": 0.012}
    DemandModelVersion.objects.filter(pk=model.pk).update(
        kind="trees", metrics={"wmape": 0.6, "compression": lost}
    )
    page = root.get(reverse("admin:model_backtest", args=[model.pk])).content.decode()
    assert "Boosted trees, falling in price" in page
    assert "its own price response: 2.238; its curve is 1.2 % away on average" in page


def test_changes_of_models_are_said_in_the_readers_language(root: Client) -> None:
    model = DemandModelVersion.objects.first()
    (bob,) = make_people("bob")
    ModelChange.objects.create(
        model=model, kind="ramp_step", at=model.trained_at, by_id=bob, reason="5%: long_enough"
    )
    page = root.get(reverse("admin:pricing_modelchange_changelist")).content.decode()
    assert "5.0 %: long enough and nothing against it" in page


def test_everything_the_shop_says_of_models_is_said_in_chinese() -> None:
    metrics = {"refit_check": {"reasons": REASONS}, "gate": SHUT}
    with override("zh-hans"):
        said = [*map(say_reason, CODES), *list_waits(metrics)]
        assert all(any(letter >= "\u4e00" for letter in one) for one in said), said
        step = say_step("12%: too_short", {"reason": "needs_answer", "offline": None})
        assert step == "12 %：时间不够；尚未进行离线评估；需要有人为这一步负责"
    assert len(say_refit(metrics)) == len(REFIT)
    assert say_reason("a customer called") == "a customer called"
    assert say_refit({}) == []
