"""Sensitive products leave no trace in any feature, tag, segment or recommendation."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import numpy as np
import pytest
import redis
from hypothesis import HealthCheck, given, settings

from profiles.events.core import WARM_MARKER, profile_key, variants_key
from profiles.events.services.drain import drain_events
from profiles.events.services.events import ingest_events, record_purchase_events
from profiles.events.services.rebuild import rebuild_online_features, restore_online_features
from profiles.features import selectors as catalog
from profiles.features.core.derive import VALUE_NAMES
from profiles.models import Event
from profiles.recommend import selectors as recommendations
from profiles.recommend.selectors import get_recommender, recommend_variants
from profiles.recommend.services import refit_recommender
from profiles.segments.selectors.online import compute_feature_rows, read_online_profiles
from profiles.values import EventValue, FeatureRow, PurchasedLine, ShopperValue
from shop.ground.catalog.core.values import SensitiveIds
from tests.factories.profiles import (
    BREAD,
    BRIE,
    BROWSER,
    CHEDDAR,
    CHEESE,
    GOUDA,
    NOON,
    RYE,
    any_history,
    make_event,
    make_guest,
    make_variants,
    make_view,
)
from tests.integration.profiles.test_feature_parity import accept, assert_same

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_catalog")]


def mark(monkeypatch: pytest.MonkeyPatch, *variants: int, categories: tuple[int, ...] = ()) -> None:
    """Make the products sensitive from now on."""
    ids = SensitiveIds(np.array(categories, dtype=np.int64), np.array(variants, dtype=np.int64))
    arrays = make_variants()
    arrays = replace(arrays, sensitive=np.isin(arrays.variant_id, variants))
    monkeypatch.setattr(catalog, "load_sensitive_ids", lambda: ids)
    monkeypatch.setattr(catalog, "load_variant_arrays", lambda: arrays)
    monkeypatch.setattr(recommendations, "load_variant_arrays", lambda _market: arrays)


@pytest.fixture
def brie_is_sensitive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Brie, and the category 30 that random events name."""
    mark(monkeypatch, BRIE, categories=(30,))


def online_row(shopper: ShopperValue) -> FeatureRow:
    row = read_online_profiles([shopper.pseudonym], NOON)[shopper.pseudonym].feature_row
    assert row is not None
    return row


def batch_row(shopper: ShopperValue) -> FeatureRow:
    return next(compute_feature_rows([shopper.id], NOON))


def look(shopper: ShopperValue, *variants: int) -> None:
    outcome = ingest_events(
        shopper=shopper,
        events=[make_view(variant, NOON) for variant in variants],
        now=NOON,
        channel="online",
        user_agent=BROWSER,
        consents=shopper.consents,
    )
    assert outcome.accepted == len(variants)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(history=any_history())
def test_profiles_are_built_as_if_sensitive_products_did_not_exist(
    brie_is_sensitive: None, history: list[EventValue]
) -> None:
    alice, bob = make_guest(), make_guest()
    accept(alice, history)
    seen = [one for one in history if one.variant_id != BRIE and one.category_id != 30]
    accept(bob, [replace(one, id=uuid4()) for one in seen])
    drain_events(limit=1_000, now=NOON)
    assert Event.objects.filter(shopper_id=alice.id).count() == len(history)
    assert_same(batch_row(alice), batch_row(bob))
    if history:
        assert_same(online_row(alice), batch_row(alice))
    rebuild_online_features(as_of=NOON, shopper_ids=[alice.id])
    assert_same(online_row(alice), batch_row(bob))


def test_looking_at_sensitive_goods_writes_no_sum_to_redis(
    brie_is_sensitive: None, redis_connection: redis.Redis
) -> None:
    alice = make_guest()
    look(alice, BRIE, BRIE)
    fields = redis_connection.hgetall(profile_key(alice.pseudonym))
    assert {key for key in fields if not key.startswith(b"!")} == set()
    assert redis_connection.hgetall(variants_key(alice.pseudonym)) == {}
    look(alice, CHEDDAR)
    assert online_row(alice).variant_affinity == {CHEDDAR: pytest.approx(1.0)}


def test_a_view_of_a_sensitive_category_counts_for_nothing(brie_is_sensitive: None) -> None:
    alice = make_guest()
    accept(alice, [make_event("view", variant_id=None, category_id=30, brand_id=None)])
    assert online_row(alice).category_affinity == {}
    assert online_row(alice).values["activity"] == 0.0


def test_a_purchase_counts_without_its_sensitive_lines(brie_is_sensitive: None) -> None:
    alice = make_guest()
    lines = [PurchasedLine(variant, 1, 350, 400, is_discounted=True) for variant in (BRIE, RYE)]
    record_purchase_events(
        shopper_id=alice.id,
        basket_ref="basket-1",
        lines=lines,
        occurred_at=NOON,
        channel="online",
        now=NOON,
    )
    row = batch_row(alice)
    assert row.variant_affinity == {RYE: pytest.approx(3.0)}
    assert row.category_affinity == {BREAD: pytest.approx(3.0)}
    assert (row.values["spend"], row.values["discounted"]) == (
        pytest.approx(350.0),
        pytest.approx(1.0),
    )
    assert row.values["orders"] == pytest.approx(1.0)


def test_a_flag_set_later_reaches_back_into_online_profiles(
    monkeypatch: pytest.MonkeyPatch, redis_connection: redis.Redis
) -> None:
    alice = make_guest()
    look(alice, BRIE, CHEDDAR)
    assert restore_online_features(now=NOON) == 1  # no marker yet: everybody
    assert restore_online_features(now=NOON) == 1  # a new shopper's note of lag
    assert restore_online_features(now=NOON) == 0
    assert set(online_row(alice).variant_affinity) == {BRIE, CHEDDAR}
    mark(monkeypatch, BRIE)
    assert restore_online_features(now=NOON) == 1
    assert set(online_row(alice).variant_affinity) == {CHEDDAR}
    assert restore_online_features(now=NOON) == 0
    mark(monkeypatch)
    assert restore_online_features(now=NOON) == 1
    assert set(online_row(alice).variant_affinity) == {BRIE, CHEDDAR}


def test_a_marker_of_an_older_release_causes_a_rebuild(
    redis_connection: redis.Redis,
) -> None:
    alice = make_guest()
    look(alice, CHEDDAR)
    redis_connection.set(WARM_MARKER, NOON.isoformat())
    assert restore_online_features(now=NOON) == 1


def test_sensitive_goods_are_never_recommended(brie_is_sensitive: None) -> None:
    """Not by what a shopper did before the flag, not by popularity, not for strangers."""
    stale = FeatureRow("alice", NOON, {}, variant_affinity={BRIE: 9.0, CHEDDAR: 1.0})
    for row in (stale, None):
        assert BRIE not in {one.variant_id for one in recommend_variants(row, 6)}


def test_what_goes_together_is_learned_without_sensitive_goods(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for _ in range(30):
        shopper = make_guest()
        events = [
            make_event("purchase", NOON - timedelta(days=1), variant_id=variant)
            for variant in (BRIE, RYE, CHEDDAR)
        ]
        accept(shopper, [*events, make_event("purchase", variant_id=GOUDA)])
    drain_events(limit=1_000, now=NOON)
    assert refit_recommender(now=NOON) == 4
    mark(monkeypatch, BRIE)
    assert refit_recommender(now=NOON) == 3
    model = get_recommender()
    assert model is not None
    assert model.similar.variant_id.tolist() == [CHEDDAR, GOUDA, RYE]
    assert BRIE not in model.goods.variant_id


def test_features_that_make_prices_do_not_move(brie_is_sensitive: None) -> None:
    alice = make_guest()
    look(alice, CHEDDAR)
    before = online_row(alice)
    accept(alice, [make_event(kind, variant_id=BRIE) for kind in ("purchase", "cart_add", "view")])
    after = online_row(alice)
    assert [after.values[name] for name in VALUE_NAMES] == [
        before.values[name] for name in VALUE_NAMES
    ]
    assert after.category_affinity == before.category_affinity == {CHEESE: pytest.approx(1.0)}


def test_records_of_the_table_keep_what_happened(brie_is_sensitive: None) -> None:
    alice = make_guest()
    look(alice, BRIE)
    drain_events(limit=10, now=NOON)
    stored = Event.objects.get(shopper_id=alice.id)
    assert (stored.variant_id, stored.category_id, stored.kind) == (BRIE, CHEESE, "view")
