"""From the stream to the table: nothing lost, nothing doubled, bad rows kept aside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
import redis
from django.db import connection
from django.db.utils import OperationalError

from profiles.events.core import GROUP, STREAM, encode_record
from profiles.events.services import drain
from profiles.events.services.drain import drain_events
from profiles.events.services.events import ingest_events
from profiles.events.services.online import accept_records
from profiles.events.services.rebuild import repair_online_features
from profiles.models import Event, OnlineLag, Shopper
from profiles.segments.selectors.online import compute_feature_rows, read_online_profiles
from profiles.values import ShopperValue
from shop.ground.jobs.models import QuarantinedRow
from tests.factories.profiles import BROWSER, NOON, make_event, make_guest, make_views
from tests.integration.profiles.test_feature_parity import record

pytestmark = pytest.mark.usefixtures("small_catalog")
one_transaction = pytest.mark.django_db
real_commits = pytest.mark.django_db(transaction=True)


def accept(shopper: ShopperValue, count: int) -> None:
    rows = [record(make_event("view", NOON - timedelta(seconds=n)), shopper) for n in range(count)]
    for start in range(0, count, 500):
        accept_records(
            shopper=shopper, records=rows[start : start + 500], now=NOON, is_limited=False
        )


@one_transaction
def test_drained_events_leave_the_stream(redis_connection: redis.Redis) -> None:
    alice = make_guest()
    accept(alice, 30)
    assert drain_events(limit=20, now=NOON) == 20
    assert redis_connection.xlen(STREAM) == 10
    assert drain_events(limit=20, now=NOON) == 10
    assert drain_events(limit=20, now=NOON) == 0
    assert redis_connection.xlen(STREAM) == 0
    assert redis_connection.xpending(STREAM, GROUP)["pending"] == 0
    assert Event.objects.count() == 30


@one_transaction
def test_a_redelivered_entry_changes_nothing(redis_connection: redis.Redis) -> None:
    """Another worker stored the entries and died before it could acknowledge them."""
    alice = make_guest()
    accept(alice, 5)
    kept = redis_connection.xrange(STREAM)
    drain_events(limit=10, now=NOON)
    for _, fields in kept:
        redis_connection.xadd(STREAM, fields)
    assert drain_events(limit=10, now=NOON) == 5
    assert Event.objects.count() == 5


@one_transaction
def test_entries_of_a_dead_worker_are_taken_over(redis_connection: redis.Redis) -> None:
    alice = make_guest()
    accept(alice, 5)
    redis_connection.xgroup_create(STREAM, GROUP, id="0")
    redis_connection.xreadgroup(GROUP, "dead", {STREAM: ">"}, count=5)
    assert drain_events(limit=10, now=NOON) == 0
    assert drain_events(limit=10, now=NOON, stale_seconds=0) == 5
    assert Event.objects.count() == 5


def _without(line: str, position: int, value: object) -> str:
    parts = json.loads(line)
    parts[position] = value
    return json.dumps(parts)


@one_transaction
def test_bad_records_are_quarantined_and_the_good_ones_stored(
    redis_connection: redis.Redis,
) -> None:
    alice = make_guest()
    good = encode_record(record(make_event("view"), alice))
    bad = {
        "not JSON": "{",
        "not a record of version 1": "[1,2]",
        "unknown kind": _without(good, 14, "dance"),
        "an id or a time cannot be read": _without(good, 1, "no-uuid"),
        "a field has the wrong type": _without(good, 12, "three"),
    }
    refused_by_the_table = _without(encode_record(record(make_event("view"), alice)), 12, -3)
    for line in [*bad.values(), refused_by_the_table, good]:
        redis_connection.xadd(STREAM, {"e": line})

    assert drain_events(limit=100, now=NOON) == 7

    assert Event.objects.count() == 1
    reasons = set(QuarantinedRow.objects.values_list("reason", flat=True))
    assert reasons == set(bad) | {"refused: event_amounts"}
    assert QuarantinedRow.objects.count() == 6
    assert redis_connection.xlen(STREAM) == 0


@one_transaction
def test_events_of_an_erased_shopper_are_dropped(redis_connection: redis.Redis) -> None:
    alice, bob = make_guest(), make_guest()
    accept(alice, 3)
    accept(bob, 2)
    Shopper.objects.filter(pk=alice.id).update(erased_at=NOON)
    assert drain_events(limit=10, now=NOON) == 5
    assert set(Event.objects.values_list("shopper_id", flat=True)) == {bob.id}
    assert redis_connection.xlen(STREAM) == 0


@one_transaction
def test_draining_tells_when_a_shopper_was_last_seen() -> None:
    alice = make_guest(now=NOON - timedelta(days=3))
    accept(alice, 2)
    drain_events(limit=10, now=NOON)
    assert Shopper.objects.get(pk=alice.id).last_seen_at == NOON


@real_commits
def test_a_database_that_fails_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, redis_connection: redis.Redis
) -> None:
    alice = make_guest()
    accept(alice, 5)

    def fail(*_: object, **__: object) -> None:
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as patched:
        patched.setattr(drain, "store_records", fail)
        with pytest.raises(OperationalError):
            drain_events(limit=10, now=NOON)
    assert redis_connection.xlen(STREAM) == 5
    assert drain_events(limit=10, now=NOON, stale_seconds=0) == 5
    assert Event.objects.count() == 5


WORKER = """
import django
django.setup()
from profiles.events.services import drain
from profiles.events.services.drain import drain_events
from shop.ground.kernel.clock import utc_now
drain.BATCH = 200  # many commits, so that the kill falls between, before or inside one
print("ready", flush=True)
while True:
    drain_events(limit=100_000, now=utc_now(), stale_seconds=0.2)
"""


@contextmanager
def draining_process() -> Iterator[subprocess.Popen[str]]:
    """Run a real worker process on this test's own database and Redis."""
    settings = connection.settings_dict
    address = (
        f"postgresql://{settings['USER']}:{settings['PASSWORD']}@{settings['HOST']}"
        f":{settings['PORT']}/{settings['NAME']}"
    )
    environment = os.environ | {
        "DATABASE_URL": address,
        "DATABASE_POOL": "0",
    }
    with subprocess.Popen(
        [sys.executable, "-c", WORKER], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


@real_commits
@pytest.mark.slow
def test_workers_killed_in_the_middle_lose_and_double_nothing(
    redis_connection: redis.Redis,
) -> None:
    alice = make_guest()
    count = 12_000
    accept(alice, count)
    stopped_at = []
    for _ in range(3):
        before = Event.objects.count()
        with draining_process() as process:
            deadline = time.monotonic() + 30
            while Event.objects.count() < before + 1_500 and time.monotonic() < deadline:
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            process.wait()
        stopped_at.append(Event.objects.count())
    assert 0 < stopped_at[0] < count, "the first worker was killed too late to prove anything"

    while drain_events(limit=100_000, now=NOON, stale_seconds=0):
        pass

    assert Event.objects.count() == count
    assert redis_connection.xlen(STREAM) == 0
    repair_online_features(now=NOON)
    online = read_online_profiles([alice.pseudonym], NOON)[alice.pseudonym].feature_row
    batch = next(compute_feature_rows([alice.id], NOON))
    assert online is not None
    assert online.values == pytest.approx(batch.values, rel=1e-9)


@real_commits
def test_two_workers_at_once_share_the_work(redis_connection: redis.Redis) -> None:
    alice = make_guest()
    accept(alice, 6_000)
    with draining_process(), draining_process():
        deadline = time.monotonic() + 30
        while redis_connection.xlen(STREAM) and time.monotonic() < deadline:
            time.sleep(0.02)
    assert redis_connection.xlen(STREAM) == 0
    assert Event.objects.count() == 6_000
    assert len(set(Event.objects.values_list("id", flat=True))) == 6_000


@real_commits
def test_a_page_view_reaches_the_table_through_both_doors() -> None:
    alice = make_guest()
    ingest_events(
        shopper=alice,
        events=make_views(3),
        now=NOON,
        channel="mobile",
        user_agent=BROWSER,
        consents=alice.consents,
    )
    drain_events(limit=10, now=NOON)
    assert set(Event.objects.values_list("channel", "source")) == {("mobile", "device")}
    assert not OnlineLag.objects.exists()
    assert Event.objects.filter(pk=uuid4()).count() == 0
