"""Online features, batch features and rebuilt features are the same numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profiles.events.core import EventRecord, profile_key, variants_key
from profiles.events.services.drain import drain_events
from profiles.events.services.online import accept_records
from profiles.events.services.rebuild import rebuild_online_features
from profiles.events.services.table import store_records
from profiles.features.core.derive import VALUE_NAMES
from profiles.models import Event
from profiles.segments.selectors.online import (
    compute_feature_rows,
    read_online_profiles,
    read_profile_part,
)
from profiles.values import EventValue, FeatureRow, ProfilePart, ShopperValue
from tests.factories.profiles import (
    CHEDDAR,
    CHEESE,
    MERLOT,
    NOON,
    WINE,
    any_history,
    make_event,
    make_guest,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_catalog")]

EXACT = pytest.approx
TOLERANCE = 1e-9
# A moment is a float of seconds since 1970: it says a quarter of a microsecond, 2.8e-12 days.
LEAST = 1e-11
REUSED = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def record(event: EventValue, shopper: ShopperValue) -> EventRecord:
    """Return the event as a row of this shopper's."""
    return EventRecord(
        id=event.id,
        occurred_at=event.occurred_at,
        received_at=NOON,
        shopper_id=shopper.id,
        variant_id=event.variant_id,
        category_id=event.category_id,
        brand_id=event.brand_id,
        paid_minor=event.paid_minor,
        list_minor=event.list_minor,
        price_rank=event.price_rank,
        quantity=event.quantity,
        is_discounted=event.is_discounted,
        kind=event.kind,
        source="test",
    )


def accept(shopper: ShopperValue, events: Sequence[EventValue]) -> None:
    rows = [record(event, shopper) for event in events]
    accept_records(shopper=shopper, records=rows, now=NOON, is_limited=False)


def online_row(shopper: ShopperValue, now: datetime = NOON) -> FeatureRow:
    row = read_online_profiles([shopper.pseudonym], now)[shopper.pseudonym].feature_row
    assert row is not None
    return row


def batch_row(shopper: ShopperValue, as_of: datetime = NOON) -> FeatureRow:
    return next(compute_feature_rows([shopper.id], as_of))


def assert_same(one: FeatureRow, other: FeatureRow) -> None:
    for name in VALUE_NAMES:
        assert one.values[name] == EXACT(other.values[name], rel=TOLERANCE, abs=LEAST), name
    for affinity in ("category_affinity", "brand_affinity", "variant_affinity"):
        assert getattr(one, affinity) == EXACT(getattr(other, affinity), rel=TOLERANCE)
    assert (one.segment, one.tags) == (other.segment, other.tags)


@REUSED
@given(history=any_history(), split=st.integers(0, 40))
def test_online_equals_batch_equals_rebuilt(history: list[EventValue], split: int) -> None:
    """However the events come: in two batches, drained in between, or rebuilt from the table."""
    alice = make_guest()
    accept(alice, history[:split])
    drain_events(limit=1_000, now=NOON)
    accept(alice, history[split:])
    rebuild_online_features(as_of=NOON, shopper_ids=[alice.id])  # half table, half stream
    from_both = online_row(alice)
    drain_events(limit=1_000, now=NOON)
    batch = batch_row(alice)
    assert_same(from_both, batch)

    bob = make_guest()
    again = [make_event_of(event) for event in history]
    accept(bob, again[:split])
    accept(bob, again[split:])
    drain_events(limit=1_000, now=NOON)
    if history:
        assert_same(online_row(bob), batch_row(bob))
        assert_same(online_row(bob), batch)
    rebuild_online_features(as_of=NOON, shopper_ids=[bob.id])
    assert_same(online_row(bob), batch)


@REUSED
@given(history=any_history(), read_all_above=st.sampled_from([-1, 400]))
def test_a_part_read_online_has_the_bits_of_the_whole(
    redis_connection: redis.Redis, history: list[EventValue], read_all_above: int
) -> None:
    """Named field by field or picked from everything: a price is made of the same numbers."""
    alice = make_guest()
    accept(alice, [make_event("view"), *history])
    names = ("activity", "discounted", "offer_clicks")
    wanted = ProfilePart(names, [CHEESE, WINE], [CHEDDAR, MERLOT])
    with patch("profiles.segments.selectors.online.READ_ALL_ABOVE", read_all_above):
        profile, answer = read_profile_part(alice.pseudonym, wanted, NOON, also=("ECHO", "more"))
    part = profile.feature_row
    assert answer == b"more"
    assert part is not None
    whole = online_row(alice)
    assert part.values == {name: whole.values[name] for name in names}
    for mine, all_of_it, ids in (
        (part.category_affinity, whole.category_affinity, wanted.category_ids),
        (part.variant_affinity, whole.variant_affinity, wanted.variant_ids),
    ):
        assert [mine.get(one) for one in ids] == [all_of_it.get(one) for one in ids]
    assert (part.segment, part.tags) == (None, ())


def make_event_of(event: EventValue) -> EventValue:
    """Return the same act under another id."""
    fields = {name: getattr(event, name) for name in EventValue.__dataclass_fields__}
    return make_event(at=fields.pop("occurred_at"), **(fields | {"id": make_event().id}))


@REUSED
@given(history=any_history(), days=st.floats(0, 700))
def test_features_as_of_a_moment_ignore_what_came_later(
    history: list[EventValue], days: float
) -> None:
    as_of = NOON - timedelta(days=days)
    early = [event for event in history if event.occurred_at <= as_of]
    alice, bob = make_guest(), make_guest()
    store_records([record(event, alice) for event in history], now=NOON)
    store_records([record(make_event_of(event), bob) for event in early], now=NOON)
    assert_same(batch_row(alice, as_of), batch_row(bob, as_of))


@REUSED
@given(history=any_history(), new=any_history(max_size=10))
def test_increments_after_a_rebuild_equal_a_batch_over_everything(
    history: list[EventValue], new: list[EventValue]
) -> None:
    alice = make_guest()
    store_records([record(event, alice) for event in history], now=NOON)
    rebuild_online_features(as_of=NOON, shopper_ids=[alice.id])
    accept(alice, new)
    drain_events(limit=1_000, now=NOON)
    assert_same(online_row(alice), batch_row(alice))


def test_a_feature_fades_online_as_in_batch() -> None:
    alice = make_guest()
    accept(alice, [make_event("view"), make_event("purchase"), make_event("order")])
    drain_events(limit=10, now=NOON)
    later = NOON + timedelta(days=40, hours=5)
    assert_same(online_row(alice, later), batch_row(alice, later))
    assert online_row(alice, NOON + timedelta(days=14)).values["activity"] == EXACT(0.5)


def test_events_of_many_years_keep_their_precision() -> None:
    alice = make_guest()
    old = [make_event("purchase", datetime(year, 3, 1, tzinfo=UTC)) for year in range(2012, 2027)]
    accept(alice, old)
    drain_events(limit=100, now=NOON)
    later = datetime(2040, 1, 1, tzinfo=UTC)
    assert_same(online_row(alice), batch_row(alice))
    assert_same(online_row(alice, later), batch_row(alice, later))


def test_a_shopper_without_events_has_a_row_of_zeros() -> None:
    row = batch_row(make_guest())
    assert row.values["activity"] == 0
    assert row.values["recency"] == 0
    assert row.values["tenure_days"] == 0
    assert row.values["days_since_order"] == 3_650


def test_what_redis_keeps_is_as_short_as_a_double(redis_connection: redis.Redis) -> None:
    alice = make_guest()
    accept(alice, [make_event("purchase", NOON - timedelta(hours=n)) for n in range(50)])
    stored = redis_connection.hgetall(profile_key(alice.pseudonym))
    stored |= redis_connection.hgetall(variants_key(alice.pseudonym))
    assert max(len(value) for value in stored.values()) <= 24
    assert Event.objects.count() == 0
