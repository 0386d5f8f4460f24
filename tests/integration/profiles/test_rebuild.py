"""Online profiles made anew while shoppers go on shopping."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import redis
from pytest_django import DjangoCaptureOnCommitCallbacks

from profiles.consent.services import set_consent
from profiles.events.core import WARM_MARKER, profile_key
from profiles.events.services import rebuild
from profiles.events.services.drain import drain_events
from profiles.events.services.events import ingest_events, record_purchase_events
from profiles.events.services.rebuild import (
    rebuild_online_features,
    restore_online_features,
    warm_marker,
    warm_shopper,
)
from profiles.features.core.derive import VALUE_NAMES
from profiles.models import OnlineLag, Shopper
from profiles.segments.selectors.online import compute_feature_rows, read_online_profiles
from profiles.values import PurchasedLine, ShopperValue
from tests.factories.profiles import (
    BRIE,
    BROWSER,
    CHEDDAR,
    EVERYTHING,
    GOUDA,
    NOON,
    make_guest,
    make_view,
    make_views,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_catalog")]

Commit = DjangoCaptureOnCommitCallbacks


def view(shopper: ShopperValue, *variants: int) -> None:
    result = ingest_events(
        shopper=shopper,
        events=[make_view(variant) for variant in variants],
        now=NOON,
        channel="online",
        user_agent=BROWSER,
        consents=EVERYTHING,
    )
    assert result.accepted == len(variants)


def activity(shopper: ShopperValue) -> float:
    row = read_online_profiles([shopper.pseudonym], NOON)[shopper.pseudonym].feature_row
    assert row is not None
    return row.values["activity"]


def assert_online_equals_batch(shopper: ShopperValue) -> None:
    drain_events(limit=10_000, now=NOON)
    online = read_online_profiles([shopper.pseudonym], NOON)[shopper.pseudonym].feature_row
    batch = next(compute_feature_rows([shopper.id], NOON))
    assert online is not None
    for name in VALUE_NAMES:
        assert online.values[name] == pytest.approx(batch.values[name], rel=1e-9, abs=1e-12), name


@pytest.fixture
def alice(django_capture_on_commit_callbacks: Commit) -> ShopperValue:
    with django_capture_on_commit_callbacks(execute=True):
        return make_guest()


def test_after_a_flush_the_job_rebuilds_everybody(
    alice: ShopperValue, redis_connection: redis.Redis
) -> None:
    view(alice, CHEDDAR, GOUDA)
    drain_events(limit=10, now=NOON)
    redis_connection.flushdb()
    assert not read_online_profiles([alice.pseudonym], NOON)[alice.pseudonym].is_warm

    assert restore_online_features(now=NOON) == 1

    profile = read_online_profiles([alice.pseudonym], NOON)[alice.pseudonym]
    assert profile.is_warm
    assert profile.consents == EVERYTHING
    assert redis_connection.exists(WARM_MARKER)
    assert_online_equals_batch(alice)
    assert restore_online_features(now=NOON) == 0


def test_the_next_event_after_a_flush_brings_the_history_back(
    alice: ShopperValue, redis_connection: redis.Redis
) -> None:
    view(alice, CHEDDAR, GOUDA)
    drain_events(limit=10, now=NOON)
    redis_connection.flushdb()
    view(alice, BRIE)
    assert read_online_profiles([alice.pseudonym], NOON)[alice.pseudonym].is_warm
    assert activity(alice) == pytest.approx(3.0)
    assert_online_equals_batch(alice)


def test_a_shopper_absent_for_half_a_year_is_not_rebuilt(
    alice: ShopperValue, redis_connection: redis.Redis
) -> None:
    Shopper.objects.update(last_seen_at=NOON - timedelta(days=181))
    redis_connection.flushdb()
    assert restore_online_features(now=NOON) == 0


def _then(first: Callable[..., object], act: Callable[[], object]) -> Callable[..., object]:
    """Return `first`, followed once by `act`: another process between two steps of ours."""
    waiting = [act]

    def both(*arguments: object, **keywords: object) -> object:
        result = first(*arguments, **keywords)
        if waiting:
            waiting.pop()()
        return result

    return both


@pytest.mark.parametrize("step", ["read_versions", "group_waiting", "list_shoppers"])
def test_an_event_during_a_rebuild_is_neither_lost_nor_doubled(
    alice: ShopperValue, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    view(alice, CHEDDAR)
    monkeypatch.setattr(rebuild, step, _then(getattr(rebuild, step), lambda: view(alice, GOUDA)))
    assert warm_shopper(shopper_id=alice.id, now=NOON)
    assert activity(alice) == pytest.approx(2.0)
    assert_online_equals_batch(alice)


@pytest.mark.parametrize("step", ["read_versions", "group_waiting", "load_shopper_events"])
def test_a_drain_during_a_rebuild_changes_nothing(
    alice: ShopperValue, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The event leaves the stream for the table while we look: seen in one of them or in both."""
    view(alice, CHEDDAR, GOUDA)
    patched = _then(getattr(rebuild, step), lambda: drain_events(limit=10, now=NOON))
    monkeypatch.setattr(rebuild, step, patched)
    assert warm_shopper(shopper_id=alice.id, now=NOON)
    assert activity(alice) == pytest.approx(2.0)
    assert_online_equals_batch(alice)


@pytest.mark.parametrize("step", ["read_versions", "list_shoppers", "load_shopper_events"])
def test_an_answer_during_a_rebuild_holds(
    alice: ShopperValue,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Commit,
    step: str,
) -> None:
    def opt_out() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            set_consent(
                shopper_id=alice.id,
                purpose="price",
                granted=False,
                how="price switch",
                locale="en",
                text_version="1",
                now=NOON,
            )

    monkeypatch.setattr(rebuild, step, _then(getattr(rebuild, step), opt_out))
    assert warm_shopper(shopper_id=alice.id, now=NOON)
    consents = read_online_profiles([alice.pseudonym], NOON)[alice.pseudonym].consents
    assert consents is not None
    assert not consents.price


def _buy(shopper: ShopperValue) -> None:
    record_purchase_events(
        shopper_id=shopper.id,
        basket_ref="A-1",
        lines=[PurchasedLine(CHEDDAR, 2, 700, 800, is_discounted=True)],
        occurred_at=NOON,
        channel="online",
        now=NOON,
    )


def test_a_purchase_whose_messenger_comes_after_the_rebuild_counts_once(
    alice: ShopperValue, django_capture_on_commit_callbacks: Commit
) -> None:
    with django_capture_on_commit_callbacks(execute=False) as messengers:
        _buy(alice)
    warm_shopper(shopper_id=alice.id, now=NOON)
    for deliver in messengers:
        deliver()
    assert_online_equals_batch(alice)
    assert not OnlineLag.objects.exists()


def test_a_purchase_whose_message_is_lost_is_found_later(
    alice: ShopperValue, redis_connection: redis.Redis
) -> None:
    """The worker was killed between the commit and the message."""
    redis_connection.set(WARM_MARKER, warm_marker(NOON))
    _buy(alice)
    assert OnlineLag.objects.count() == 1
    assert restore_online_features(now=NOON) == 1
    assert_online_equals_batch(alice)
    assert not OnlineLag.objects.exists()


def test_a_long_backlog_is_left_to_the_job(
    alice: ShopperValue, monkeypatch: pytest.MonkeyPatch, redis_connection: redis.Redis
) -> None:
    monkeypatch.setattr(rebuild, "FEW_WAITING", 2)
    view(alice, CHEDDAR, GOUDA, BRIE)
    redis_connection.delete(profile_key(alice.pseudonym))
    assert not warm_shopper(shopper_id=alice.id, now=NOON)
    assert rebuild_online_features(as_of=NOON) == 1
    assert_online_equals_batch(alice)


def test_a_shopper_who_never_rests_is_noted_for_later(
    alice: ShopperValue, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = rebuild.group_waiting

    def busy(*arguments: object) -> object:
        view(alice, CHEDDAR)
        return first(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(rebuild, "group_waiting", busy)
        assert rebuild_online_features(as_of=NOON) == 0
    assert OnlineLag.objects.get().shopper_id == alice.id
    restore_online_features(now=NOON)
    assert_online_equals_batch(alice)


def test_many_shoppers_are_rebuilt_in_chunks(
    monkeypatch: pytest.MonkeyPatch, redis_connection: redis.Redis
) -> None:
    monkeypatch.setattr(rebuild, "CHUNK", 3)
    shoppers = [make_guest() for _ in range(8)]
    for count, shopper in enumerate(shoppers, start=1):
        ingest_events(
            shopper=shopper,
            events=make_views(count),
            now=NOON,
            channel="online",
            user_agent=BROWSER,
            consents=EVERYTHING,
        )
    drain_events(limit=1_000, now=NOON)
    redis_connection.flushdb()
    assert rebuild_online_features(as_of=NOON) == 8
    for count, shopper in enumerate(shoppers, start=1):
        assert activity(shopper) == pytest.approx(count, rel=1e-4)
