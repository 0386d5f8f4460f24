"""Feeds that prices rely on: each source counts by its own time to live, in its own market."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from django.contrib.auth import get_user_model

from pricing.competitors.models.competitors import CompetitorSource
from pricing.competitors.services.competitor_fetch import save_source
from pricing.policy.models.breakers import BreakerTrip
from pricing.publishing.services.breakers import close_trip
from pricing.publishing.services.feeds import find_held, is_held, record_pulse, watch_feeds
from shop.ground.catalog.core.loading import ProductRow, VariantRow
from shop.ground.catalog.models import Market, Variant
from shop.ground.catalog.selectors.staff import list_stated_costs
from shop.ground.catalog.services import load_catalog, state_costs
from tests.factories.competitors import make_source
from tests.factories.pricing import NOON, Dairy

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def watch(now: datetime, market: str = "us") -> tuple[int, bool]:
    """Return how many breakers tripped now, and whether the model's prices are held."""
    return watch_feeds(now=now, market=market), is_held(market)


def silent_sources() -> list[dict[str, Any]]:
    return BreakerTrip.objects.latest("id").evidence["silent"]


def test_an_active_source_does_not_hide_a_silent_one() -> None:
    hilltop = make_source(ttl_hours=30, imported_at=NOON)
    make_source("valley", ttl_hours=100, imported_at=NOON + 20 * HOUR)
    assert watch(NOON + 30 * HOUR) == (0, False)
    assert watch(NOON + 31 * HOUR) == (1, True)
    assert BreakerTrip.objects.get().kind == "competitors"
    assert silent_sources() == [{"source": "hilltop", "last_at": NOON.isoformat(), "ttl_hours": 30}]
    CompetitorSource.objects.filter(pk=hilltop.pk).update(imported_at=NOON + 31 * HOUR)
    assert watch(NOON + 32 * HOUR) == (0, False)
    assert BreakerTrip.objects.get().over_at == NOON + 32 * HOUR


def test_the_patience_with_one_source_is_not_that_with_another() -> None:
    make_source(ttl_hours=240, imported_at=NOON)
    hasty = make_source("valley", ttl_hours=2, imported_at=NOON + HOUR)
    hasty.is_active = False
    save_source(source=hasty, by_id=None, now=NOON + 2 * HOUR)
    assert watch(NOON + 240 * HOUR) == (0, False)
    assert watch(NOON + 241 * HOUR) == (1, True)


def test_sources_of_another_market_hold_nothing_here() -> None:
    Market.objects.create(code="de", name="Germany", currency="EUR")
    make_source(market_id="de", currency="EUR", ttl_hours=1, imported_at=NOON)
    assert watch(NOON + 2 * HOUR) == (0, False)
    assert watch(NOON + 2 * HOUR, "de") == (1, True)
    assert is_held("us") is False


def test_a_source_is_expected_after_its_first_list_while_active() -> None:
    source = make_source(ttl_hours=1)
    assert watch(NOON + 500 * HOUR) == (0, False)
    source.imported_at = NOON
    source.save()
    assert watch(NOON + 2 * HOUR) == (1, True)
    source.is_active = False
    save_source(source=source, by_id=None, now=NOON + 3 * HOUR)
    assert watch(NOON + 3 * HOUR) == (0, False)
    source.is_active = True
    save_source(source=source, by_id=None, now=NOON + 4 * HOUR)
    assert watch(NOON + 4 * HOUR) == (0, False)


def test_a_silence_that_staff_accept_covers_no_other_source() -> None:
    bob = get_user_model().objects.create_user(email="bob@staff.example", password="a")
    make_source(ttl_hours=1, imported_at=NOON)
    make_source("valley", ttl_hours=48, imported_at=NOON)
    assert watch(NOON + 2 * HOUR) == (1, True)
    trip = BreakerTrip.objects.get()
    close_trip(trip_id=trip.pk, reason="they moved", by_id=bob.pk, now=NOON + 3 * HOUR)
    assert watch(NOON + 47 * HOUR) == (0, False)
    assert watch(NOON + 49 * HOUR) == (1, True)
    assert [one["source"] for one in silent_sources()] == ["hilltop", "valley"]


def held(dairy: Dairy, now: datetime) -> list[bool]:
    return find_held(market="us", variant_id=np.array(dairy.cheeses), now=now).tolist()


def test_a_cost_typed_by_hand_frees_that_variant_only(dairy: Dairy) -> None:
    record_pulse(name="costs", at=NOON, ttl_hours=24)
    late = NOON + 25 * HOUR
    assert held(dairy, late) == [False] * 4
    watch_feeds(now=late)
    assert held(dairy, late) == [True] * 4
    Variant.objects.filter(pk=dairy.gouda).update(cost_stated_at=late)
    assert held(dairy, late + HOUR) == [True, False, True, True]
    assert held(dairy, late + 25 * HOUR) == [True] * 4
    assert is_held("us") is True


def test_a_typed_cost_does_not_replace_a_silent_competitor(dairy: Dairy) -> None:
    make_source(ttl_hours=1, imported_at=NOON)
    watch_feeds(now=NOON + 2 * HOUR)
    Variant.objects.filter(pk=dairy.gouda).update(cost_stated_at=NOON + 2 * HOUR)
    assert held(dairy, NOON + 2 * HOUR) == [True] * 4


def test_staff_who_type_a_cost_are_heard(dairy: Dairy) -> None:
    gouda = Variant.objects.get(pk=dairy.gouda)
    state_costs(refs=[gouda.external_ref], now=NOON + HOUR)
    assert Variant.objects.get(pk=gouda.pk).cost_stated_at == NOON + HOUR
    assert list_stated_costs(since=NOON) == [gouda.pk]
    Variant.objects.filter(pk=gouda.pk).update(cost_minor=None, cost_source="unknown")
    assert list_stated_costs(since=NOON) == []


def test_a_list_that_says_another_cost_overrules_what_staff_typed(dairy: Dairy) -> None:
    gouda = Variant.objects.select_related("product__category", "product__brand").get(
        pk=dairy.gouda
    )
    Variant.objects.filter(pk=gouda.pk).update(cost_stated_at=NOON)
    product = gouda.product
    variant = VariantRow(
        ref=gouda.external_ref,
        sku=gouda.sku,
        measure_amount=Decimal(200),
        measure_unit="g",
        list_minor=510,
        cost_minor=gouda.cost_minor,
        cost_source="merchant",
    )
    row = ProductRow(
        ref=product.external_ref,
        name=product.name,
        slug=product.slug,
        category_path=product.category.path,
        brand_ref=product.brand.external_ref,
        popularity=1.0,
        variants=(variant,),
    )
    load_catalog(products=[row], now=NOON)
    assert list_stated_costs(since=NOON) == [gouda.pk]
    dearer = replace(row, variants=(replace(variant, cost_minor=300),))
    load_catalog(products=[dearer], now=NOON)
    assert list_stated_costs(since=NOON) == []
