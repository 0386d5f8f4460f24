"""A model is judged wherever it prices: one place where it may not be used is enough."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from pricing.models import ModelAudit
from pricing.selectors.audits import find_audit
from pricing.services import publish_price_book
from pricing.services.fairness import (
    NotAudited,
    ask_for_waiver,
    audit_model,
    audit_models,
    require_audit,
    waive_audit,
)
from profiles.models import Shopper
from shop.catalog.models import Market
from tests.factories.pricing import NOON, Dairy
from tests.factories.pricing_audits import make_alike, make_households, make_staff, plant_proxy

pytestmark = pytest.mark.django_db


@pytest.fixture
def households(dairy: Dairy) -> list[int]:
    """Fifty shoppers with traits, and prices at home and in a second market."""
    ids = make_households(dairy)
    Market.objects.create(code="ca", name="Canada", currency="CAD", jurisdiction_code="US-other")
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
