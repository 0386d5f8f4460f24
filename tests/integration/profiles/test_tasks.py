"""Jobs: each is one service call, recorded."""

from __future__ import annotations

import pytest
import redis

from profiles import tasks
from profiles.events.core import EVENT_COLUMNS
from profiles.features.core.registry import KINDS
from profiles.models import Event
from shop.ground.jobs.models import JobRun

JOBS = {
    "drain_events": "live",
    "repair_online_features": "live",
    "restore_online_features": "bulk",
    "refresh_profiles": "bulk",
    "refit_segments": "bulk",
    "refit_recommender": "bulk",
    "ensure_partitions": "bulk",
    "forget_expired": "bulk",
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("small_catalog")
@pytest.mark.parametrize("name", sorted(JOBS))
def test_a_job_runs_on_its_queue_and_is_recorded(name: str) -> None:
    getattr(tasks, name).apply().get()
    run = JobRun.objects.get(name=name)
    assert (run.outcome, run.queue) == ("ok", JOBS[name])


@pytest.mark.django_db(transaction=True)
def test_after_a_flush_the_live_lane_wakes_a_rebuild(
    monkeypatch: pytest.MonkeyPatch, redis_connection: redis.Redis
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(tasks.restore_online_features, "delay", lambda: sent.append("rebuild"))
    redis_connection.flushdb()
    for _ in range(2):
        tasks.repair_online_features.apply().get()
        assert sent == ["rebuild"]
        tasks.restore_online_features.apply().get()


def test_the_table_and_the_features_know_the_same_kinds() -> None:
    assert set(Event.Kind.values) == set(KINDS)


def test_records_have_the_columns_of_the_table() -> None:
    assert set(EVENT_COLUMNS) == {field.column for field in Event._meta.fields}
