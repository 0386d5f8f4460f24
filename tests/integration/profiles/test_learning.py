"""Segments, stored profiles and recommendations from real tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import DjangoAssertNumQueries

from profiles.events.core import EventRecord
from profiles.events.services.rebuild import rebuild_online_features
from profiles.events.services.table import store_records
from profiles.models import (
    Segment,
    SegmentRevision,
    SegmentSize,
    SegmentVersion,
    Shopper,
    ShopperProfile,
    SimilarityVersion,
)
from profiles.recommend import selectors as recommendations
from profiles.recommend.selectors import forget_recommender, get_recommender, recommend_variants
from profiles.recommend.services import refit_recommender
from profiles.segments.core.rules import LEAST, Row, RuleRefused
from profiles.segments.selectors import made
from profiles.segments.selectors.made import select_shoppers
from profiles.segments.selectors.online import compute_feature_rows, read_online_profiles
from profiles.segments.selectors.segments import (
    forget_segments,
    get_segment_model,
    list_segments,
    name_tags,
)
from profiles.segments.services import segments
from profiles.segments.services.made import count_segments, retire_segment, save_segment
from profiles.segments.services.segments import refit_segments, refresh_profiles
from profiles.values import ShopperValue
from shop.ground.kernel.arrays import pack_arrays
from tests.factories.profiles import (
    BAGUETTE,
    BRIE,
    CHEDDAR,
    GOUDA,
    MERLOT,
    NOON,
    RYE,
    make_event,
    make_guest,
)
from tests.integration.profiles.test_feature_parity import record

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_catalog")]


def order(shopper: ShopperValue, days_ago: float, *variants: int, offer: bool) -> list[EventRecord]:
    at = NOON - timedelta(days=days_ago)
    events = [make_event("order", at)] + [
        make_event(
            "purchase",
            at,
            variant_id=variant,
            category_id=variant // 100 + 10,
            is_discounted=offer,
            price_rank=0.2 if offer else 0.9,
        )
        for variant in variants
    ]
    return [record(event, shopper) for event in events]


@pytest.fixture
def crowd(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[ShopperValue]]:
    """Thirty bargain hunters who buy bread often, thirty who fill the basket with cheese."""
    monkeypatch.setattr(segments, "GRID", (2, 3))
    rng = np.random.default_rng(5)
    groups: dict[str, list[ShopperValue]] = {"bargain": [], "cheese": []}
    records: list[EventRecord] = []
    for _ in range(30):
        bargain, cheese = make_guest(), make_guest()
        groups["bargain"].append(bargain)
        groups["cheese"].append(cheese)
        for week in range(10):
            at = 7 * week + float(rng.uniform(0, 1))
            records += order(bargain, at, RYE, BAGUETTE, offer=True)
            records += order(cheese, 2 * at, CHEDDAR, GOUDA, BRIE, CHEDDAR, offer=False)
    store_records(records, now=NOON)
    return groups


def segment_of(shoppers: list[ShopperValue]) -> str | None:
    rows = compute_feature_rows([shopper.id for shopper in shoppers], NOON)
    segments = {row.segment for row in rows}
    assert len(segments) == 1
    return segments.pop()


def test_segments_are_found_named_and_kept(crowd: dict[str, list[ShopperValue]]) -> None:
    assert refit_segments(now=NOON) == 60
    bargain, cheese = segment_of(crowd["bargain"]), segment_of(crowd["cheese"])
    assert bargain != cheese
    names = {segment.code: (segment.name, segment.name_zh) for segment in list_segments()}
    assert len(set(names.values())) == len(names)
    assert all(zh for _, zh in names.values())
    assert Segment.objects.get(code=bargain).shopper_count == 30

    assert refit_segments(now=NOON + timedelta(days=1)) == 60

    assert (segment_of(crowd["bargain"]), segment_of(crowd["cheese"])) == (bargain, cheese)
    assert {s.code: (s.name, s.name_zh) for s in list_segments()} == names
    assert SegmentVersion.objects.filter(is_active=True).count() == 1
    assert SegmentVersion.objects.count() == 2


def test_a_segment_that_vanished_is_retired_not_deleted(
    crowd: dict[str, list[ShopperValue]],
) -> None:
    refit_segments(now=NOON)
    Segment.objects.create(
        code="segment-77", name="Of old", name_zh="旧", created_at=NOON, shopper_count=4
    )
    refit_segments(now=NOON)
    old = Segment.objects.get(code="segment-77")
    assert (old.is_active, old.shopper_count) == (False, 0)


def test_too_few_shoppers_change_nothing() -> None:
    store_records(order(make_guest(), 1, RYE, offer=True), now=NOON)
    assert refit_segments(now=NOON) == 0
    assert get_segment_model() is None
    assert not SegmentVersion.objects.exists()


def test_the_segment_follows_the_events_at_once(
    crowd: dict[str, list[ShopperValue]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    refit_segments(now=NOON)
    with django_capture_on_commit_callbacks(execute=True):
        newcomer = make_guest()
    profile = read_online_profiles([newcomer.pseudonym], NOON)[newcomer.pseudonym]
    assert profile.segment is None
    weekly = [
        one for week in range(8) for one in order(newcomer, 7 * week, RYE, BAGUETTE, offer=True)
    ]
    store_records(weekly, now=NOON)
    rebuild_online_features(as_of=NOON, shopper_ids=[newcomer.id])
    profile = read_online_profiles([newcomer.pseudonym], NOON)[newcomer.pseudonym]
    assert profile.segment == segment_of(crowd["bargain"])


def test_stored_profiles_say_the_same_as_features(
    crowd: dict[str, list[ShopperValue]], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    refit_segments(now=NOON)
    with django_assert_max_num_queries(10):
        assert refresh_profiles(now=NOON) == 60
    baker = crowd["bargain"][0]
    stored = ShopperProfile.objects.select_related("segment").get(shopper_id=baker.id)
    row = next(compute_feature_rows([baker.id], NOON))
    assert stored.features == {name: round(value, 6) for name, value in row.values.items()}
    assert stored.segment is not None
    assert (stored.segment.code, tuple(stored.tags)) == (row.segment, row.tags)
    assert "fresh_food" in row.tags


def test_only_who_was_here_is_refreshed(crowd: dict[str, list[ShopperValue]]) -> None:
    Shopper.objects.update(last_seen_at=NOON - timedelta(days=1))
    Shopper.objects.filter(pk=crowd["cheese"][0].id).update(last_seen_at=NOON)
    assert refresh_profiles(now=NOON, since=NOON - timedelta(minutes=15)) == 1
    assert refresh_profiles(now=NOON, since=NOON + timedelta(minutes=15)) == 0


def test_tags_have_names_in_both_languages() -> None:
    assert name_tags(("on_offer", "weekend"), "en") == [
        "likely to buy mostly on offer",
        "weekend shopper",
    ]
    assert name_tags(("on_offer",), "zh-hans") == ["可能主要购买特价"]


def test_products_bought_again_or_together_are_recommended(
    crowd: dict[str, list[ShopperValue]], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for shopper in crowd["cheese"][:25]:
        store_records(order(shopper, 3, MERLOT, RYE, offer=False), now=NOON)
    assert refit_recommender(now=NOON) == 6
    last = crowd["cheese"][29].id
    row = next(compute_feature_rows([last], NOON))
    recommend_variants(row, 4, shopper_id=last)  # what is learned is in memory now
    with django_assert_num_queries(1):
        shown = recommend_variants(row, 4, shopper_id=last)
    assert {(one.variant_id, one.reason) for one in shown[:3]} == {
        (CHEDDAR, "familiar"),
        (GOUDA, "familiar"),
        (BRIE, "familiar"),
    }
    assert (shown[3].variant_id, shown[3].reason) == (RYE, "goes_with")
    scores = [one.score for one in shown]
    assert scores == sorted(scores, reverse=True)
    new = recommend_variants(row, 1, shopper_id=last, novelty=1e9)
    assert new[0].variant_id in {RYE, BAGUETTE}
    assert SimilarityVersion.objects.filter(is_active=True).count() == 1


def test_before_the_first_training_seen_and_bought_products_come_first() -> None:
    alice = make_guest()
    store_records(order(alice, 3, GOUDA, offer=False), now=NOON)
    row = next(compute_feature_rows([alice.id], NOON))
    seen = replace(row, variant_affinity={**row.variant_affinity, BAGUETTE: 3.0})
    shown = recommend_variants(seen, 5, shopper_id=alice.id)
    assert [(one.variant_id, one.reason) for one in shown[:2]] == [
        (BAGUETTE, "seen"),
        (GOUDA, "familiar"),
    ]


def test_what_is_sold_out_is_not_recommended(
    crowd: dict[str, list[ShopperValue]], monkeypatch: pytest.MonkeyPatch
) -> None:
    refit_recommender(now=NOON)
    monkeypatch.setattr(recommendations, "list_sold_out", lambda: np.array([CHEDDAR]))
    one = crowd["cheese"][0].id
    row = next(compute_feature_rows([one], NOON))
    for shown in (recommend_variants(row, 6, shopper_id=one), recommend_variants(None, 6)):
        assert {GOUDA, BRIE} < {each.variant_id for each in shown}
        assert CHEDDAR not in {each.variant_id for each in shown}


def test_a_model_of_an_older_form_is_read_as_none() -> None:
    arrays = {"variant_id": np.array([CHEDDAR]), "neighbor": np.zeros((1, 0), np.int32)}
    SimilarityVersion.objects.create(
        fitted_at=NOON, as_of=NOON, arrays=pack_arrays(arrays), sha256="", is_active=True
    )
    forget_recommender()
    assert get_recommender() is None
    assert [one.reason for one in recommend_variants(None, 2)] == ["popular", "popular"]


def test_without_a_row_everybody_sees_the_same(
    crowd: dict[str, list[ShopperValue]], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    refit_recommender(now=NOON)
    recommend_variants(None, 3)
    with django_assert_num_queries(0):
        shown = recommend_variants(None, 3, frozenset({RYE}))
    # The wine is popular too, but restricted products are never recommended.
    assert [(one.variant_id, one.reason) for one in shown] == [
        (CHEDDAR, "popular"),
        (GOUDA, "popular"),
        (BAGUETTE, "popular"),
    ]


def test_models_are_read_once_and_again_when_they_change(
    crowd: dict[str, list[ShopperValue]], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    refit_segments(now=NOON)
    forget_segments()
    with django_assert_num_queries(2):
        first = get_segment_model()
    with django_assert_num_queries(0):
        assert get_segment_model() is first
    refit_segments(now=NOON)
    assert get_segment_model() is not first


def test_an_unknown_shopper_has_no_profile() -> None:
    stranger = str(uuid4())
    profile = read_online_profiles([stranger], NOON)[stranger]
    assert (profile.shopper_id, profile.consents, profile.is_warm) == (None, None, False)
    assert profile.feature_row is None


def test_a_rule_of_staff_selects_whom_it_fits(
    crowd: dict[str, list[ShopperValue]], monkeypatch: pytest.MonkeyPatch
) -> None:
    Shopper.objects.update(created_at=NOON - timedelta(days=99))
    refresh_profiles(now=NOON)
    rule = ((Row("discount_share", LEAST, 0.5), Row("orders", LEAST, 1.0)),)
    draft: dict[str, Any] = {"name": "Deals", "name_zh": "特价", "by_id": None, "now": NOON}
    code = save_segment(**draft, rule=rule, reason="a first try")
    forget_segments()
    bargain, cheese = crowd["bargain"][0], crowd["cheese"][0]
    rows = list(compute_feature_rows([bargain.id, cheese.id], NOON))
    assert [row.tags for row in rows] == [(code,), ()]
    assert read_online_profiles([bargain.pseudonym], NOON)[bargain.pseudonym].tags == ()
    assert ShopperProfile.objects.filter(tags=[code]).count() == 30
    assert name_tags((code, "gone"), "zh-hans") == ["特价"]
    selection = select_shoppers(rule)
    assert (selection.shopper_count, selection.total, len(selection.member_ids)) == (30, 60, 30)
    assert [(one.code, one.shopper_count) for one in selection.overlaps] == [(code, 30)]
    for most_read, is_estimate in ((60, False), (59, True)):
        with monkeypatch.context() as patch:
            patch.setattr(made, "MOST_READ", most_read)
            assert select_shoppers(rule, is_brief=True).is_estimate is is_estimate

    count_segments(now=NOON)
    sizes = SegmentSize.objects.filter(segment__code=code)
    assert [(one.shopper_count, one.is_estimated) for one in sizes.order_by("-day")[:2]] == [
        (30, False),
        (30, True),
    ]
    assert sizes.count() == 1 + 8

    with pytest.raises(RuleRefused, match="meanwhile"):
        save_segment(**draft, rule=rule, reason="late", code=code, revision=0)
    retire_segment(code=code, is_active=False, by_id=None, reason="over", now=NOON)
    forget_segments()
    assert [row.tags for row in compute_feature_rows([bargain.id], NOON)] == [()]
    assert not ShopperProfile.objects.filter(tags__contains=[code]).exists()
    assert [one.reason for one in SegmentRevision.objects.all()] == ["over", "a first try"]
