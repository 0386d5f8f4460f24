"""Facts are delivered at least once, only after their transaction, and never lost."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction

from shop.ground.outbox.models import MAX_ATTEMPTS, Fact
from shop.ground.outbox.services import deliver_facts, retry_facts, write_fact
from shop.tasks import deliver_outbox

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db(transaction=True)


class Listener:
    """A handler that remembers what it heard and can be told to fail."""

    def __init__(self, *, failures: int = 0) -> None:
        self.heard: list[tuple[UUID, Mapping[str, Any]]] = []
        self.failures = failures

    def __call__(self, fact_id: UUID, payload: Mapping[str, Any]) -> None:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("the mail server is away")
        self.heard.append((fact_id, payload))


def test_a_fact_reaches_every_handler_once() -> None:
    first, second = Listener(), Listener()
    fact_id = write_fact(kind="OrderPlaced", payload={"order_id": 7}, occurred_at=NOON)
    handlers = {"OrderPlaced": (first, second)}
    assert deliver_facts(handlers=handlers, now=NOON) == 1
    assert deliver_facts(handlers=handlers, now=NOON) == 0
    assert first.heard == second.heard == [(fact_id, {"order_id": 7})]


def test_a_rolled_back_fact_never_happened() -> None:
    with transaction.atomic():
        write_fact(kind="OrderPlaced", payload={}, occurred_at=NOON)
        transaction.set_rollback(True)
    assert not Fact.objects.exists()


def test_delivery_gives_way_after_a_fact() -> None:
    heard: list[int] = []
    for number in range(3):
        write_fact(kind="OrderPlaced", payload={"order_id": number}, occurred_at=NOON)
    handlers = {"OrderPlaced": (lambda _fact_id, payload: heard.append(payload["order_id"]),)}
    assert deliver_facts(handlers=handlers, now=NOON, gives_way=lambda: True) == 1
    assert deliver_facts(handlers=handlers, now=NOON) == 2
    assert sorted(heard) == [0, 1, 2]


def test_the_worker_is_woken_only_after_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[str] = []
    monkeypatch.setattr(deliver_outbox, "apply_async", lambda *_, **to: woken.append(to["queue"]))
    with transaction.atomic():
        write_fact(kind="OrderPlaced", payload={}, occurred_at=NOON)
        assert woken == []
    assert woken == ["live"]


def test_a_failed_handler_is_retried_and_its_writes_undone() -> None:
    def write_then_fail(fact_id: UUID, payload: Mapping[str, Any]) -> None:
        Fact.objects.create(kind="Half", occurred_at=NOON, due_at=NOON + timedelta(days=1))
        raise RuntimeError("half done")

    write_fact(kind="OrderPlaced", payload={}, occurred_at=NOON)
    assert deliver_facts(handlers={"OrderPlaced": (write_then_fail,)}, now=NOON) == 0
    fact = Fact.objects.get()
    assert (fact.attempts, fact.delivered_at) == (1, None)
    assert fact.due_at == NOON + timedelta(seconds=2)
    assert "half done" in fact.last_error
    listener = Listener()
    later = NOON + timedelta(seconds=2)
    assert deliver_facts(handlers={"OrderPlaced": (listener,)}, now=later) == 1
    assert len(listener.heard) == 1


def test_a_fact_that_never_succeeds_waits_for_staff() -> None:
    fact_id = write_fact(kind="OrderPlaced", payload={}, occurred_at=NOON)
    broken = Listener(failures=99)
    for hours in range(20):
        deliver_facts(handlers={"OrderPlaced": (broken,)}, now=NOON + timedelta(hours=hours))
    assert Fact.objects.get().attempts == MAX_ATTEMPTS
    day_after = NOON + timedelta(days=1)
    assert retry_facts(fact_ids=[fact_id], now=day_after) == 1
    assert deliver_facts(handlers={"OrderPlaced": (Listener(),)}, now=day_after) == 1


def test_a_fact_locked_by_another_worker_is_skipped() -> None:
    write_fact(kind="OrderPlaced", payload={}, occurred_at=NOON)
    other = connection.copy()
    try:
        other.set_autocommit(autocommit=False)
        with other.cursor() as cursor:
            cursor.execute("SELECT id FROM shop_fact FOR UPDATE")
        assert deliver_facts(handlers={"OrderPlaced": (Listener(),)}, now=NOON) == 0
        other.rollback()
    finally:
        other.close()
    assert deliver_facts(handlers={"OrderPlaced": (Listener(),)}, now=NOON) == 1
