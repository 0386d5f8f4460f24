"""The door for behavior, on real PostgreSQL and Valkey."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import redis
from pytest_django.fixtures import DjangoAssertNumQueries

from profiles.events.core import RATE_PREFIX, SEEN_PREFIX, STREAM
from profiles.events.services.drain import drain_events
from profiles.events.services.events import BatchTooLarge, ingest_events
from profiles.events.services.rebuild import repair_online_features
from profiles.models import Event, OnlineLag
from profiles.segments.selectors.online import read_online_profiles
from profiles.values import Consents, IngestResult, ShopperValue
from shop.ground.jobs import redis as door
from tests.factories.profiles import (
    BRIE,
    BROWSER,
    CHEDDAR,
    CHEESE,
    EVERYTHING,
    GOUDA,
    NOON,
    NOTHING,
    make_guest,
    make_view,
    make_views,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("small_catalog")]


def ingest(shopper: ShopperValue, events: list[dict], **changes: object) -> IngestResult:
    known = {
        "shopper": shopper,
        "events": events,
        "now": NOON,
        "channel": "online",
        "user_agent": BROWSER,
        "consents": shopper.consents,
    }
    return ingest_events(**(known | changes))


@pytest.fixture
def dead_redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Redis that refuses connections."""
    nobody = redis.Redis(port=1, socket_connect_timeout=0.05)
    with monkeypatch.context() as patched:
        patched.setattr(door, "get_redis", lambda: nobody)
        yield
    door.redis_breaker.close()


def test_an_accepted_event_is_in_the_very_next_profile() -> None:
    alice = make_guest()
    assert ingest(alice, [make_view(CHEDDAR), make_view(GOUDA), make_view(BRIE)]).accepted == 3

    profile = read_online_profiles([alice.pseudonym], NOON)[alice.pseudonym]

    assert profile.is_warm
    assert profile.consents == EVERYTHING
    assert profile.shopper_id == alice.id
    assert profile.feature_row is not None
    assert profile.feature_row.values["activity"] == pytest.approx(3.0, rel=1e-12)
    assert profile.feature_row.category_affinity == {CHEESE: pytest.approx(3.0, rel=1e-12)}
    assert set(profile.feature_row.variant_affinity) == {CHEDDAR, GOUDA, BRIE}


def test_accepting_events_asks_the_database_nothing(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    alice = make_guest()
    with django_assert_num_queries(0):
        ingest(alice, make_views(100))


def test_a_repeated_batch_counts_once() -> None:
    alice = make_guest()
    batch = make_views(5)
    assert ingest(alice, batch) == IngestResult(accepted=5)
    assert ingest(alice, batch, now=NOON + timedelta(seconds=3)) == IngestResult(duplicates=5)
    assert drain_events(limit=100, now=NOON) == 5
    assert Event.objects.count() == 5


def test_an_id_twice_in_one_batch_counts_once() -> None:
    alice = make_guest()
    view = make_view()
    assert ingest(alice, [view, view]) == IngestResult(accepted=1, duplicates=1)


def test_seen_ids_are_remembered_for_seven_days(redis_connection: redis.Redis) -> None:
    alice = make_guest()
    view = make_view()
    ingest(alice, [view])
    assert 604_790 <= redis_connection.ttl(f"{SEEN_PREFIX}{view['id']}") <= 604_800


def test_bad_events_are_refused_one_by_one() -> None:
    alice = make_guest()
    result = ingest(
        alice,
        [
            make_view(),
            make_view(variant=999),
            make_view(kind="purchase"),
            make_view(at=NOON + timedelta(hours=1)),
            make_view(at=NOON - timedelta(days=8)),
            make_view(mood="happy"),
        ],
    )
    assert result.accepted == 1
    assert [(refusal.index, refusal.code) for refusal in result.rejected] == [
        (1, "unknown_variant"),
        (2, "shop_only"),
        (3, "clock_ahead"),
        (4, "too_old"),
        (5, "unknown_field"),
    ]


def test_without_consent_nothing_is_kept(redis_connection: redis.Redis) -> None:
    charlie = make_guest(NOTHING)
    assert ingest(charlie, make_views(3)) == IngestResult(dropped_no_consent=3)
    assert redis_connection.xlen(STREAM) == 0
    assert Event.objects.count() == 0


def test_a_price_opt_out_still_counts_for_recommendations() -> None:
    dora = make_guest(Consents(recommendations=True))
    assert ingest(dora, make_views(3)).accepted == 3


def test_a_crawler_leaves_no_trace(redis_connection: redis.Redis) -> None:
    alice = make_guest()
    result = ingest(alice, make_views(2), user_agent="Googlebot/2.1")
    assert result == IngestResult(dropped_bot=2)
    assert redis_connection.xlen(STREAM) == 0


def test_more_events_than_a_person_can_make_are_dropped(redis_connection: redis.Redis) -> None:
    alice = make_guest()
    redis_connection.set(f"{RATE_PREFIX}{alice.pseudonym}:{int(NOON.timestamp()) // 60}", 2_999)
    assert ingest(alice, [make_view()]).accepted == 1
    assert ingest(alice, [make_view()]) == IngestResult(dropped_bot=1)


def test_five_hundred_and_one_events_are_too_many() -> None:
    alice = make_guest()
    with pytest.raises(BatchTooLarge):
        ingest(alice, make_views(501))


def test_the_row_keeps_what_the_catalogue_knew() -> None:
    alice = make_guest()
    ingest(alice, [make_view(BRIE)])
    drain_events(limit=10, now=NOON)
    event = Event.objects.get()
    assert (event.category_id, event.brand_id, event.price_rank) == (CHEESE, 8, 1.0)
    assert (event.shopper_id, event.kind, event.occurred_at) == (alice.id, "view", NOON)


def test_a_search_is_kept_without_personal_text() -> None:
    alice = make_guest()
    search = make_view(kind="search", query="brie bob@example.com")
    del search["variant_id"]
    ingest(alice, [search])
    drain_events(limit=10, now=NOON)
    assert Event.objects.get().query == "brie"


@pytest.mark.usefixtures("dead_redis")
def test_with_redis_down_events_go_to_the_table_once() -> None:
    alice = make_guest()
    batch = make_views(4)
    assert ingest(alice, batch) == IngestResult(accepted=4)
    door.redis_breaker.close()
    assert ingest(alice, batch) == IngestResult(duplicates=4)
    assert Event.objects.filter(shopper_id=alice.id).count() == 4
    assert OnlineLag.objects.filter(shopper_id=alice.id).exists()


def test_features_catch_up_when_redis_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    alice = make_guest()
    ingest(alice, [make_view(CHEDDAR)])
    nobody = redis.Redis(port=1, socket_connect_timeout=0.05)
    with monkeypatch.context() as patched:
        patched.setattr(door, "get_redis", lambda: nobody)
        assert ingest(alice, [make_view(GOUDA)]).accepted == 1
    door.redis_breaker.close()
    assert repair_online_features(now=NOON) == 1

    row = read_online_profiles([alice.pseudonym], NOON)[alice.pseudonym].feature_row

    assert row is not None
    assert row.values["activity"] == pytest.approx(2.0, rel=1e-12)
    assert not OnlineLag.objects.exists()


def test_an_event_accepted_twice_around_an_outage_is_counted_once(
    monkeypatch: pytest.MonkeyPatch, redis_connection: redis.Redis
) -> None:
    alice = make_guest()
    # The client's clock is ahead, so each try gets another time: only the id is the same.
    view = make_view(at=NOON + timedelta(seconds=40))
    nobody = redis.Redis(port=1, socket_connect_timeout=0.05)
    with monkeypatch.context() as patched:
        patched.setattr(door, "get_redis", lambda: nobody)
        assert ingest(alice, [view]).accepted == 1
    door.redis_breaker.close()
    later = NOON + timedelta(seconds=2)
    assert ingest(alice, [view], now=later).accepted == 1
    drain_events(limit=10, now=later)
    repair_online_features(now=later)

    row = read_online_profiles([alice.pseudonym], later)[alice.pseudonym].feature_row

    assert Event.objects.count() == 1
    assert row is not None
    assert row.values["activity"] == pytest.approx(1.0, rel=1e-5)
