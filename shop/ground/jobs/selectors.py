"""Read runs of jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from shop.ground.jobs.models import JobRun
from shop.ground.jobs.redis import RedisUnavailable, redis_breaker

# The queues of jobs, by who waits: staff at a page; shoppers and figures of the minute; nobody.
# The worker of interactive reads two more, and takes the first job of the first that has one:
# prices set by hand wait for no check or list that was asked for before, pictures wait for all.
PRICES, INTERACTIVE, PICTURES, LIVE, BULK = "prices", "interactive", "pictures", "live", "bulk"
LANES = PRICES, INTERACTIVE, PICTURES, LIVE, BULK
ONE_WORKER = PRICES, INTERACTIVE, PICTURES


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run as dashboards show it. `seconds` is None while it runs."""

    name: str
    queue: str
    outcome: str
    started_at: datetime
    seconds: float | None
    rows: int
    error: str
    report: dict[str, Any]


# Index look-ups per job, however many runs are kept: DISTINCT ON would read them all.
RECENT_RUNS = """
WITH RECURSIVE known AS (
    (SELECT name FROM shop_jobrun ORDER BY name LIMIT 1)
    UNION ALL
    SELECT (SELECT run.name FROM shop_jobrun run WHERE run.name > known.name
            ORDER BY run.name LIMIT 1)
    FROM known WHERE known.name IS NOT NULL
)
SELECT recent.* FROM known CROSS JOIN LATERAL (
    SELECT * FROM shop_jobrun run WHERE run.name = known.name
    ORDER BY run.started_at DESC LIMIT %s
) recent
ORDER BY recent.name, recent.started_at DESC
"""


def list_latest_runs() -> list[RunRow]:
    """Return the newest run of each job, by name. One query."""
    return list_recent_runs(per_job=1)


def list_recent_runs(*, per_job: int) -> list[RunRow]:
    """Return the newest `per_job` runs of each job, by name, newest first. One query."""
    return [_run_row(run) for run in JobRun.objects.raw(RECENT_RUNS, [per_job])]


def read_queue_depths() -> dict[str, int] | None:
    """Return waiting tasks by lane, or None with Redis down. One round trip."""
    prefix = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]
    try:
        with redis_breaker.guard() as connection, connection.pipeline(transaction=False) as pipe:
            for queue in LANES:
                pipe.llen(f"{prefix}{queue}")
            return dict(zip(LANES, pipe.execute(), strict=True))
    except RedisUnavailable:
        return None


def find_latest_run(name: str) -> RunRow | None:
    """Return the newest run of `name` however it ended, or None. One query."""
    run = JobRun.objects.filter(name=name).order_by("-started_at").first()
    return None if run is None else _run_row(run)


def _run_row(run: JobRun) -> RunRow:
    ended = run.finished_at
    return RunRow(
        name=run.name,
        queue=run.queue,
        outcome=run.outcome,
        started_at=run.started_at,
        seconds=None if ended is None else (ended - run.started_at).total_seconds(),
        rows=run.rows,
        error=run.error,
        report=run.report,
    )
