"""Every run is recorded; refused rows are kept; a silent run is shown as hung."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from kombu import Consumer, Message, Producer, Queue

from shop.celery import app
from shop.doors.backoffice.home.health import list_jobs
from shop.ground.jobs.models import JobRun, QuarantinedRow
from shop.ground.jobs.selectors import find_latest_run, list_latest_runs
from shop.ground.jobs.services import (
    QuarantineRow,
    RunProgress,
    mark_hung_runs,
    quarantine,
    record_run,
)
from shop.ground.jobs.tasks import job, wake
from shop.ground.kernel.clock import utc_now
from tests.factories.races import hold_elsewhere

pytestmark = pytest.mark.django_db(transaction=True)


@job(queue="interactive", retries=0)
def count_to(*, rows: int) -> int:
    """Return `rows`; refuse a negative number."""
    if rows < 0:
        raise ValueError("cannot count below zero")
    return rows


def test_a_run_keeps_its_rows_report_and_end() -> None:
    with record_run(name="import", queue="bulk") as progress:
        progress.advance(40)
        progress.advance(2)
        progress.report["skipped"] = 1
    run = JobRun.objects.get()
    assert (run.outcome, run.rows, run.report) == ("ok", 42, {"skipped": 1})
    assert run.finished_at is not None
    assert find_latest_run("import").rows == 42


@job(queue="interactive", retries=0)
def walk(*, steps: int, progress: RunProgress) -> int:
    """Tell each step, and what staff read of it meanwhile; return ten times the steps."""
    for step in range(1, steps + 1):
        progress.tell(step, steps)
        (line,) = [one for one in list_jobs(utc_now()) if one.name == "walk"]
        SEEN.append(line.rows)
    return 10 * steps


SEEN: list[str] = []


def test_a_job_tells_how_far_it_is_while_it_runs() -> None:
    assert walk.apply(kwargs={"steps": 3}).get() == 30
    assert SEEN == ["1 / 3", "2 / 3", "3 / 3"]
    run = JobRun.objects.get()
    assert (run.outcome, run.rows, run.report) == ("ok", 30, {"done": 3, "of": 3})


def test_a_woken_job_is_sent_once_until_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr(count_to, "delay", lambda: sent.append("count_to"))
    for _ in range(3):
        wake(count_to)
    assert sent == ["count_to"]
    count_to.apply(kwargs={"rows": 1}).get()
    wake(count_to)
    assert sent == ["count_to", "count_to"]


@job(queue="interactive", retries=0, slice_seconds=0.0)
def take_slices(*, pieces: int, progress: RunProgress) -> int:
    """Do a piece of work, and as many more as the slice has room for."""
    done = 1
    while done < pieces and not progress.gives_way():
        done += 1
    return done


def test_a_slice_that_is_over_goes_on_behind_others(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr(take_slices, "delay", lambda: sent.append("take_slices"))
    assert take_slices.apply(kwargs={"pieces": 1}).get() == 1
    assert sent == []
    assert take_slices.apply(kwargs={"pieces": 2}).get() == 1
    assert sent == ["take_slices"]


@job(queue="interactive", retries=0)
def meet(*, others: int) -> int:
    """Be started `others` times more on another connection meanwhile."""
    with ThreadPoolExecutor(1) as pool:
        for _other in range(others):
            assert pool.submit(_start_elsewhere).result() == 0
    return 1


def _start_elsewhere() -> int:
    try:
        return int(meet.apply(kwargs={"others": 0}).get())
    finally:
        connection.close()


@pytest.mark.parametrize(("others", "follow"), [(0, []), (2, ["meet"])])
def test_who_came_meanwhile_has_a_run_of_its_own(
    monkeypatch: pytest.MonkeyPatch, others: int, follow: list[str]
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(meet, "delay", lambda: sent.append("meet"))
    assert meet.apply(kwargs={"others": others}).get() == 1
    assert sent == follow


def test_a_failed_run_says_why() -> None:
    with pytest.raises(ZeroDivisionError), record_run(name="import"):
        _ = 1 // 0
    run = JobRun.objects.get()
    assert run.outcome == "failed"
    assert "ZeroDivisionError" in run.error


def test_a_silent_run_is_marked_as_hung() -> None:
    now = utc_now()
    for name, silent_seconds in (("silent", 61), ("lively", 59)):
        JobRun.objects.create(
            name=name,
            started_at=now - timedelta(hours=1),
            heartbeat_at=now - timedelta(seconds=silent_seconds),
            time_limit_seconds=60,
        )
    assert mark_hung_runs(now=now) == 1
    assert {run.name: run.outcome for run in list_latest_runs()} == {
        "lively": "running",
        "silent": "hung",
    }


def test_refused_rows_are_kept_with_their_reason() -> None:
    with record_run(name="import") as progress:
        rows = [QuarantineRow(7, "negative_quantity", {"quantity": -1, "name": 'a"b\tc\\'})]
        assert quarantine(run_id=progress.run_id, source="purchases", rows=rows) == 1
    row = QuarantinedRow.objects.get()
    assert (row.row_number, row.reason) == (7, "negative_quantity")
    assert row.payload == {"quantity": -1, "name": 'a"b\tc\\'}


def test_a_task_records_its_run() -> None:
    assert count_to.apply(kwargs={"rows": 3}).result == 3
    assert JobRun.objects.get().rows == 3


def test_only_the_newest_idle_run_is_kept() -> None:
    for rows in (0, 5, 0, 0):
        count_to.apply(kwargs={"rows": rows})
    assert list(JobRun.objects.order_by("id").values_list("rows", flat=True)) == [5, 0]


def test_a_failing_task_is_recorded_as_failed() -> None:
    result = count_to.apply(kwargs={"rows": -1})
    assert result.failed()
    assert JobRun.objects.get().outcome == "failed"


def test_a_second_run_at_the_same_moment_does_nothing() -> None:
    with hold_elsewhere("count_to"):
        assert count_to.apply(kwargs={"rows": 3}).result == 0
        assert not JobRun.objects.exists()
    assert count_to.apply(kwargs={"rows": 3}).result == 3


@job(queue="interactive", retries=0, at_once=2)
def count_together(*, rows: int) -> int:
    """Return `rows`, beside one other run."""
    return rows


def test_a_job_may_run_twice_and_not_three_times() -> None:
    with hold_elsewhere("count_together"):
        assert count_together.apply(kwargs={"rows": 3}).result == 3
        with hold_elsewhere("count_together 2"):
            assert count_together.apply(kwargs={"rows": 3}).result == 0


def test_a_workers_queues_are_read_in_their_order() -> None:
    order = ["first queue", "second queue", "third queue"]
    came: list[str] = []

    def keep(body: str, message: Message) -> None:
        came.append(body)
        message.ack()

    with app.connection_for_write() as broker:
        channel = broker.channel()
        channel.basic_qos(0, 1, False)
        queues = [Queue(name, channel=channel) for name in order]
        for queue in [*reversed(queues), *reversed(queues)]:
            queue.declare()
            Producer(channel).publish(queue.name, routing_key=queue.name)
        with Consumer(channel, queues=queues, callbacks=[keep]):
            for _ in range(6):
                broker.drain_events(timeout=5)
    assert came == [name for name in order for _ in range(2)]
