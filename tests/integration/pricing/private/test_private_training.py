"""Demand learned from noisy releases: each week once, within the budget, and from nothing else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from pricing.api import load_ledger_bulk, train_demand
from pricing.base.core.values import LedgerRow
from pricing.management.commands import train_demand as command
from pricing.private.core import PrivacyTerms
from pricing.private.models.private import PrivacyBudget, PrivateRelease
from pricing.private.selectors import load_private_cells
from pricing.private.services import (
    BudgetSpent,
    find_spans,
    open_budget,
    release_purchases,
    spend_budget,
)
from pricing.rollout.services import refits as training
from profiles.models import Event, Shopper
from shop.ground.catalog.models import Brand, Category, Market, Product, Variant
from shop.ground.catalog.selectors import forget_catalog
from shop.ground.kernel.ids import uuid7
from tests.factories.pricing import NOON

ITEMS, WEEKS, HOUSEHOLDS = 12, 26, 600
PLACE = ("us", "online")
TERMS = PrivacyTerms(epsilon=3.0)


@pytest.fixture
def households(db: None) -> list[int]:
    """A dozen teas; every week some of 600 households buy each, more of them when it is cheap."""
    Market.objects.get_or_create(code="us", defaults={"name": "United States"})
    variants = _sell_teas()
    shoppers = Shopper.objects.bulk_create(
        Shopper(market_code="us", created_at=NOON, last_seen_at=NOON) for _ in range(HOUSEHOLDS)
    )
    _buy(variants, [one.pk for one in shoppers])
    forget_catalog()
    return variants


def _sell_teas() -> list[int]:
    top = Category.objects.create(external_ref="g", slug="g", name="Grocery", path="g", depth=0)
    leaf = Category.objects.create(
        external_ref="g/t", slug="gt", name="Tea", path="g/t", depth=1, parent=top
    )
    brand = Brand.objects.create(external_ref="b", name="Meadow")
    made = []
    for number in range(ITEMS):
        name = f"tea-{number}"
        product = Product.objects.create(
            external_ref=name, name=name, slug=name, category=leaf, brand=brand, created_at=NOON
        )
        variant = Variant.objects.create(
            product=product, external_ref=name, sku=name.upper(), list_minor=500
        )
        made.append(int(variant.pk))
    return made


def _buy(variants: list[int], shoppers: list[int]) -> None:
    rng = np.random.default_rng(3)
    monday = NOON - timedelta(days=NOON.weekday(), hours=12, weeks=WEEKS)
    events, ledger = [], []
    for variant in variants:
        ledger.append(LedgerRow(variant, "list", 500, monday))
        for week in range(WEEKS):
            price = int(rng.choice([500, 400, 300]))
            at = monday + timedelta(weeks=week)
            ledger.append(LedgerRow(variant, "public", price, at))
            count = min(HOUSEHOLDS, int(rng.poisson(40 * (price / 500) ** -1.6)))
            buyers = rng.choice(shoppers, count, replace=False).tolist()
            events += [_purchase(one, variant, at + timedelta(days=2), price) for one in buyers]
    load_ledger_bulk(rows=ledger)
    Event.objects.bulk_create(events, batch_size=5_000)


def _purchase(shopper: int, variant: int, at: object, price: int) -> Event:
    return Event(
        id=uuid7(),
        occurred_at=at,
        received_at=NOON,
        shopper_id=shopper,
        kind="purchase",
        variant_id=variant,
        quantity=3,
        paid_minor=price,
        list_minor=500,
        channel="store",
        source="test",
    )


def test_weeks_are_released_once_and_reading_again_costs_nothing(households: list[int]) -> None:
    assert release_purchases(as_of=NOON, weeks=WEEKS, terms=TERMS) == []
    spans = find_spans(*_window())
    assert len(spans) == 3
    rows = PrivateRelease.objects.filter(purpose="cells").order_by("first_week")
    assert {(row.first_week, row.end_week) for row in rows} == {(s.first, s.end) for s in spans}
    assert PrivateRelease.objects.filter(purpose="selection").count() == 1
    spent = list(PrivacyBudget.objects.values_list("epsilon_spent", flat=True))
    assert spent == pytest.approx([3.0, 3.0, 3.0])
    digests = set(PrivateRelease.objects.values_list("sha256", flat=True))
    assert release_purchases(as_of=NOON, weeks=WEEKS, terms=TERMS) == []
    assert set(PrivateRelease.objects.values_list("sha256", flat=True)) == digests
    with pytest.raises(IntegrityError), transaction.atomic():
        PrivateRelease.objects.create(
            **{
                name: getattr(rows[0], name)
                for name in ("budget", "purpose", "at", "first_week", "end_week", "epsilon")
            },
            delta=1e-6,
            most_cells=1,
            noise_sd=1.0,
            arrays=b"",
        )


def test_releases_add_up_to_what_the_budget_lost(households: list[int]) -> None:
    release_purchases(as_of=NOON, weeks=WEEKS, terms=TERMS)
    for budget in PrivacyBudget.objects.all():
        lost = sum(one.epsilon for one in budget.releases.all())
        assert lost == pytest.approx(budget.epsilon_spent)
        assert budget.epsilon_spent <= budget.epsilon_cap


def test_cells_are_the_true_ones_but_for_bound_and_noise(households: list[int]) -> None:
    release_purchases(as_of=NOON, weeks=WEEKS, terms=TERMS)
    found = load_private_cells(as_of=NOON, weeks=WEEKS, place=PLACE)
    assert found.cells.variant_id.tolist() == sorted(households)
    assert (found.weeks, found.measured) == (WEEKS, ITEMS)
    assert np.isfinite(found.cells.price_minor).all()
    # A household buys 3 pieces, which count as one; 25 cells a quarter are more than most have.
    bought = Event.objects.values("shopper_id", "variant_id", "occurred_at").distinct().count()
    assert found.cells.units.sum() == pytest.approx(bought, rel=0.05)
    assert 5.0 < found.noise_sd < 12.0


def test_a_spent_budget_refuses_newer_weeks_and_says_so(
    households: list[int], settings: Any
) -> None:
    earlier = NOON - timedelta(weeks=2)
    assert release_purchases(as_of=earlier, weeks=WEEKS - 2, terms=TERMS) == []
    refused = release_purchases(as_of=NOON, weeks=WEEKS, terms=TERMS)
    (reason,) = refused
    assert reason.startswith("The quarter from 2026-10-01 has epsilon 0.00 left of 3.00")
    assert load_private_cells(as_of=NOON, weeks=WEEKS, place=PLACE).weeks == WEEKS - 2


def test_the_table_itself_refuses_what_is_beyond_the_cap(db: None) -> None:
    budget = open_budget(date(2026, 10, 1))
    with pytest.raises(IntegrityError), transaction.atomic():
        PrivacyBudget.objects.filter(pk=budget.pk).update(epsilon_spent=3.01)
    with pytest.raises(IntegrityError), transaction.atomic():
        PrivacyBudget.objects.filter(pk=budget.pk).update(delta_spent=1.1e-5)


def test_ten_tenths_fit_and_an_eleventh_does_not(db: None, settings: Any) -> None:
    settings.PRIVACY_EPSILON_CAP = 1.0
    budget = open_budget(date(2026, 10, 1))
    for _ in range(10):
        spend_budget(budget_id=budget.pk, epsilon=0.1, delta=1e-6)
    with pytest.raises(BudgetSpent, match=r"epsilon 0\.00 left of 1\.00"):
        spend_budget(budget_id=budget.pk, epsilon=0.1, delta=1e-6)


@pytest.mark.django_db(transaction=True)
def test_of_two_that_spend_at_once_one_is_refused() -> None:
    budget, both = open_budget(date(2026, 10, 1)), Barrier(2)

    def spend(_number: int) -> bool:
        try:
            with transaction.atomic():
                both.wait(5)
                spend_budget(budget_id=budget.pk, epsilon=2.0, delta=1e-6)
        except BudgetSpent:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(spend, range(2))) == [False, True]
    budget.refresh_from_db()
    assert budget.epsilon_spent == pytest.approx(2.0)


def test_a_private_model_sees_releases_only_and_states_their_cost(
    households: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a private model reads no sales")

    monkeypatch.setattr(training, "load_training_cells", refuse)
    monkeypatch.setattr(training, "fit_shoppers", refuse)
    row = train_demand(as_of=NOON, weeks=WEEKS, epsilon=3.0)
    privacy = row.metrics["privacy"]
    assert row.status == "active"
    assert (privacy["epsilon"], privacy["unit"]) == (pytest.approx(3.0), "household and quarter")
    assert (privacy["clear_items"], privacy["released_weeks"]) == (ITEMS, WEEKS)
    error = privacy["elasticity_error"]
    assert set(error) == {"inf", "3", "1"}
    assert all(one == {"items": ITEMS, "error": one["error"]} for one in error.values())
    assert row.metrics["elasticity_p10_p50_p90"][1] == pytest.approx(-1.6, abs=0.5)
    other = train_demand(as_of=NOON, weeks=WEEKS, epsilon=3.0, family="linear")
    assert (other.kind, other.status) == ("linear", "candidate")
    assert other.metrics["privacy"]["epsilon"] == pytest.approx(3.0)


def test_the_setting_and_the_command_turn_it_on_and_off(
    households: list[int],
    settings: Any,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(command, "utc_now", lambda: NOON)
    settings.TRAINING_EPSILON = 3.0
    assert "privacy" not in train_demand(as_of=NOON, weeks=WEEKS, epsilon=0.0).metrics
    assert PrivacyBudget.objects.count() == 0
    assert "privacy" in train_demand(as_of=NOON, weeks=WEEKS).metrics
    settings.TRAINING_EPSILON = 0.0
    call_command("train_demand", "--epsilon", "3", "--weeks", str(WEEKS))
    assert "fairness audit: passed, 0 people with traits" in capsys.readouterr().out
    spent = list(PrivacyBudget.objects.values_list("epsilon_spent", flat=True))
    assert spent == pytest.approx([3.0, 3.0, 3.0])


def test_a_shop_without_sales_releases_noise_and_gets_the_prior(db: None) -> None:
    Market.objects.get_or_create(code="us", defaults={"name": "United States"})
    forget_catalog()
    row = train_demand(as_of=NOON, weeks=WEEKS, epsilon=1.0)
    assert row.metrics["items"] == 0
    assert row.metrics["privacy"]["elasticity_error"] == {}


def _window() -> tuple[date, date]:
    end = (NOON - timedelta(days=NOON.weekday())).date()
    return end - timedelta(weeks=WEEKS), end
