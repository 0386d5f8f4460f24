"""Record runs, quarantine rows, find hung runs."""

from __future__ import annotations

import json
import math
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django.db import connection, transaction
from django.db.models import ExpressionWrapper, F, Value
from django.db.models.fields import DateTimeField, DurationField
from django.utils.translation import gettext as _

from shop.ground.jobs.metrics import job_rows_total, job_runs_total, job_seconds
from shop.ground.jobs.models import JobRun, QuarantinedRow
from shop.ground.jobs.redis import RedisUnavailable, redis_breaker
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.errors import FairtagError

KEEP_ERROR_CHARACTERS = 4_000


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    """A refused row: its 1-based number in the source, why, and what it held (JSON values)."""

    row_number: int
    reason: str
    payload: dict[str, Any]


@dataclass(slots=True)
class RunProgress:
    """What a running job tells about itself; saved by `advance` and at the end."""

    run_id: int
    rows: int = 0
    report: dict[str, Any] = field(default_factory=dict)
    slice_ends: float = math.inf
    goes_on: bool = False

    def gives_way(self) -> bool:
        """Return whether the run shall end here, and go on behind the others of its lane."""
        self.goes_on = self.goes_on or time.monotonic() >= self.slice_ends
        return self.goes_on

    def advance(self, rows: int) -> None:
        """Count `rows` more and show that the run is alive. One statement.

        The report is saved too: a run that is killed leaves what it had told.
        """
        self.rows += rows
        JobRun.objects.filter(pk=self.run_id).update(
            rows=self.rows, heartbeat_at=utc_now(), report=self.report
        )

    def tell(self, done: int, of: int) -> None:
        """Show that `done` of `of` are handled. One statement."""
        self.report |= {"done": done, "of": of}
        self.advance(done - self.rows)


@contextmanager
def record_run(
    *, name: str, queue: str = "", task_id: str = "", attempt: int = 1, time_limit: int = 900
) -> Iterator[RunProgress]:
    """Record a run of job `name` around the body: its rows, report, duration and outcome.

    `time_limit` is in seconds; a run silent for longer counts as hung. An exception is recorded
    with its last lines and raised again. Do not open inside a transaction: the row must be
    visible while the job runs and must survive the job's own rollback.
    """
    started = utc_now()
    run = JobRun.objects.create(
        name=name,
        queue=queue,
        task_id=task_id,
        attempt=attempt,
        started_at=started,
        heartbeat_at=started,
        time_limit_seconds=time_limit,
    )
    progress = RunProgress(run_id=run.pk)
    try:
        yield progress
    except BaseException:
        _finish(run, progress, JobRun.Outcome.FAILED, traceback.format_exc(limit=-8))
        raise
    _finish(run, progress, JobRun.Outcome.OK, "")


def _finish(run: JobRun, progress: RunProgress, outcome: JobRun.Outcome, error: str) -> None:
    finished = utc_now()
    JobRun.objects.filter(pk=run.pk).update(
        finished_at=finished,
        heartbeat_at=finished,
        outcome=outcome,
        rows=progress.rows,
        report=progress.report,
        error=error[-KEEP_ERROR_CHARACTERS:],
    )
    seconds = (finished - run.started_at).total_seconds()
    job_runs_total.labels(job=run.name, outcome=outcome.value).inc()
    job_seconds.labels(job=run.name).observe(seconds)
    job_rows_total.labels(job=run.name).inc(progress.rows)


def quarantine(*, run_id: int, source: str, rows: Iterable[QuarantineRow]) -> int:
    """Keep refused `rows` of `source` under run `run_id` by COPY; return how many."""
    count = 0
    statement = (
        f"COPY {QuarantinedRow._meta.db_table} (run_id, source, row_number, reason, payload)"
        " FROM STDIN"
    )
    with transaction.atomic(), connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            payload = json.dumps(row.payload, default=str)
            copy.write_row((run_id, source, row.row_number, row.reason, payload))
            count += 1
    return count


def mark_hung_runs(*, now: datetime) -> int:
    """Mark runs that fell silent for longer than their limit as hung; return how many.

    A worker killed with -9 cannot record its own end. One conditional update: a run that
    finishes at this very moment keeps its own outcome.
    """
    deadline = ExpressionWrapper(
        F("heartbeat_at") + F("time_limit_seconds") * Value(timedelta(seconds=1), DurationField()),
        output_field=DateTimeField(),
    )
    silent = JobRun.objects.alias(deadline=deadline).filter(
        outcome=JobRun.Outcome.RUNNING, deadline__lt=now
    )
    return silent.update(
        outcome=JobRun.Outcome.HUNG, finished_at=now, error="no sign of life within the time limit"
    )


def replace_idle_runs(*, name: str, run_id: int) -> None:
    """Delete older runs of `name` that handled nothing, so that only the newest idle one stays."""
    idle = JobRun.objects.filter(name=name, outcome=JobRun.Outcome.OK, rows=0, pk__lt=run_id)
    idle.delete()


def delete_old_runs(*, before: datetime, keep_names: Iterable[str] = ()) -> int:
    """Delete runs that ended before `before`, quarantined rows with them; return how many runs.

    Runs named in `keep_names` (imports, whose report is a record) stay.
    """
    old = JobRun.objects.filter(finished_at__lt=before).exclude(name__in=list(keep_names))
    count = old.count()
    old.delete()
    return count


class JobUnknown(FairtagError):
    """No worker knows a job of this name, or the queue does not answer."""

    code = "job_unknown"


def retry_run(*, run_id: int) -> None:
    """Send the job of run `run_id` to its queue again (staff action). Raises JobUnknown.

    Safe at any time: jobs may run twice, and only one run of a job works at a time.
    """
    start_job(name=JobRun.objects.get(pk=run_id).name)


def start_job(*, name: str, keywords: Mapping[str, Any] | None = None) -> None:
    """Send job `name` with its keywords to its queue now (staff action). Raises JobUnknown."""
    current_app.loader.import_default_modules()
    names = [one for one in current_app.tasks if one.rpartition(".")[2] == name]
    if not names:
        told = _("No worker runs %(name)s: start it again the way it was started.")
        raise JobUnknown(told % {"name": name})
    try:
        given = {"kwargs": dict(keywords)} if keywords else {}
        with redis_breaker.guard() as client:
            client.ping()  # fails within a page's time-out; sending may wait ten seconds
            current_app.send_task(names[0], queue=current_app.tasks[names[0]].queue, **given)
    except RedisUnavailable as error:
        raise JobUnknown(_("The queue does not answer. Try again when Redis is back.")) from error
