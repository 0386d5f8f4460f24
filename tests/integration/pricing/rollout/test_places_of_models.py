"""A model is judged wherever it prices: one place where it may not be used is enough."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from pricing.api import publish_price_book, train_demand
from pricing.demand.core.served import ServedDemand
from pricing.demand.models.demand import DemandModelVersion
from pricing.demand.selectors.training import load_training_cells
from pricing.fairness.models.audits import ModelAudit
from pricing.fairness.selectors import find_audit
from pricing.fairness.services.fairness import (
    NotAudited,
    ask_for_waiver,
    audit_model,
    audit_models,
    require_audit,
    waive_audit,
)
from pricing.ledger.models.ledger import PublicPrice
from pricing.ledger.selectors.exposures import Exposures
from pricing.optimum.core.monitoring import RefitBounds
from pricing.rollout.selectors.lift import ShadowFigures
from pricing.rollout.selectors.verdicts import say_refit
from pricing.rollout.services import refits
from pricing.rollout.services.refits import use_refit
from profiles.events.selectors.purchases import load_purchase_cells
from profiles.models import Event, Shopper
from shop.ground.kernel.ids import uuid7
from tests.factories.markets import sell_abroad
from tests.factories.pricing import NOON, Dairy, make_model, make_shopper
from tests.factories.pricing_audits import make_alike, make_households, make_staff, plant_proxy
from tests.factories.pricing_history import WEEKS, open_tea_history

pytestmark = pytest.mark.django_db


@pytest.fixture
def households(dairy: Dairy) -> list[int]:
    """Fifty shoppers with traits, and prices at home and in a second market."""
    ids = make_households(dairy)
    sell_abroad()
    publish_price_book(now=NOON, market="ca")
    return ids


def move_abroad(households: list[int]) -> None:
    """Let the shoppers be those of the second market."""
    Shopper.objects.filter(pk__in=households).update(market_code="ca")


def test_each_market_is_audited_with_its_own_people(households: list[int]) -> None:
    move_abroad(households[:30])
    verdict = audit_model(model_id=make_alike().pk, now=NOON)
    assert verdict.state == "passed"
    rows = ModelAudit.objects.values_list("market_code", "channel", "people")
    assert set(rows) == {("us", "online", 20), ("ca", "online", 30)}


def test_a_model_that_is_unfair_abroad_is_used_nowhere(households: list[int], dairy: Dairy) -> None:
    plant_proxy(households, dairy)
    move_abroad(households)
    model = make_alike()
    verdict = audit_model(model_id=model.pk, now=NOON)
    assert verdict.state == "failed"
    assert verdict.reasons[0].startswith("In ca/online: Prices tell household “large” (AUC ")
    with pytest.raises(NotAudited, match="In ca/online: Prices tell household"):
        require_audit(model)
    home = ModelAudit.objects.get(market_code="us")
    assert home.is_passed


def test_what_two_people_answered_for_counts_in_its_place_alone(
    households: list[int], dairy: Dairy
) -> None:
    plant_proxy(households, dairy)
    move_abroad(households)
    model = make_alike()
    audit_model(model_id=model.pk, now=NOON)
    failed = ModelAudit.objects.get(market_code="ca").pk
    ask_for_waiver(audit_id=failed, reason="known", by_id=make_staff("alice"), now=NOON)
    waive_audit(audit_id=failed, by_id=make_staff("bob"), now=NOON)
    require_audit(model)
    assert find_audit(model_id=model.pk, sha256=model.sha256).state == "waived"
    assert audit_model(model_id=model.pk, now=NOON + timedelta(days=1)).state == "waived"
    Shopper.objects.filter(pk__in=households).update(market_code="us")
    assert audit_model(model_id=model.pk, now=NOON + timedelta(days=2)).state == "failed"


def test_a_place_opened_since_is_audited_in_the_night(households: list[int]) -> None:
    model = make_alike()
    audit_model(model_id=model.pk, now=NOON)
    ModelAudit.objects.filter(market_code="ca").delete()
    require_audit(model)
    assert model.pk in {one.model for one in audit_models(now=NOON, only_missing=True)}
    assert ModelAudit.objects.filter(market_code="ca", model=model).count() == 1


def test_an_audit_abroad_does_not_stand_for_one_at_home(households: list[int]) -> None:
    model = make_alike()
    audit_model(model_id=model.pk, now=NOON)
    ModelAudit.objects.filter(market_code="us").delete()
    assert find_audit(model_id=model.pk, sha256=model.sha256).state == "missing"


def test_staff_see_where_an_audit_was_made(root: Client) -> None:
    ModelAudit.objects.filter(pk=ModelAudit.objects.latest("id").pk).update(market_code="ca")
    page = root.get(reverse("admin:pricing_modelaudit_changelist")).content.decode()
    assert "ca/online" in page


def test_a_refit_that_jumps_in_one_market_is_held(
    households: list[int], dairy: Dairy, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounds = RefitBounds(shadow_gap=-1.0)
    monkeypatch.setattr(refits, "BOUNDS", bounds)
    in_use = DemandModelVersion.objects.get(status="active")
    shadow = refits.compare_shadow
    seen: list[tuple[str, str]] = []

    def compare(found: Exposures, served: ServedDemand, place: tuple[str, str]) -> ShadowFigures:
        seen.append(place)
        gap = -2.0 if len(seen) == 1 else 0.1
        return replace(shadow(found, served, place), mean_absolute_gap=gap)

    monkeypatch.setattr(refits, "compare_shadow", compare)
    candidate = make_alike()
    assert use_refit(model_id=candidate.pk, now=NOON).allows_use
    candidate.refresh_from_db()
    check = candidate.metrics["refit_check"]
    assert (candidate.status, len(seen)) == ("candidate", 2)
    assert check["reasons"] == [
        {"code": "shadow_gap", "value": 0.1, "limit": -1.0, "place": "ca/online"}
    ]
    assert set(check["places"]) == {"ca/online"}
    assert check["places"]["ca/online"]["variants"] == check["figures"]["variants"] > 0
    assert say_refit(candidate.metrics)[0].startswith("In ca/online: decisions of the last hours")
    in_use.refresh_from_db()
    assert in_use.status == "active"


def test_a_model_learns_from_the_sales_of_its_market_alone() -> None:
    teas = open_tea_history(items=12)
    here = load_training_cells(as_of=NOON, weeks=WEEKS, place=("us", "online"))[0]
    assert here.units.sum() > 0
    buyer = make_shopper()
    Shopper.objects.filter(pk=buyer.id).update(market_code="ca")
    sale = Event.objects.filter(kind="purchase").first()
    sale.pk, sale.shopper_id, sale.quantity = uuid7(), buyer.id, 1_000
    sale.save(force_insert=True)
    again = load_training_cells(as_of=NOON, weeks=WEEKS, place=("us", "online"))[0]
    assert again.units.sum() == here.units.sum()
    abroad = load_purchase_cells(NOON, WEEKS, market="ca")
    assert (abroad.variant_id.tolist(), abroad.units.tolist()) == ([sale.variant_id], [1_000])
    assert sale.variant_id in teas
    row = train_demand(as_of=NOON, weeks=WEEKS)
    assert row.metrics["place"] == "us/online"


def test_the_models_page_names_markets_without_their_own_model(root: Client) -> None:
    model = make_model()
    address = reverse("admin:pricing_demandmodelversion_change", args=[model.pk])
    alone = root.get(address).content.decode()
    assert "Fitted on the sales of us/online." in alone
    assert "Priced by it too" not in alone
    sell_abroad()
    price = PublicPrice.objects.first()
    price.pk, price.market_id = None, "ca"
    price.save(force_insert=True)
    told = "Priced by it too, without a model of their own: ca/online."
    for page in (address, reverse("admin:models")):
        assert told in root.get(page).content.decode()
