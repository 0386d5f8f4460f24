"""Read runs of jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef

from shop.jobs.models import JobRun

RED_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run as dashboards show it. `seconds` is None while it runs."""

    name: str
    outcome: str
    started_at: datetime
    seconds: float | None
    rows: int
    error: str
    report: dict[str, Any]


def list_latest_runs() -> list[RunRow]:
    """Return the newest run of each job, by name. One query."""
    runs = JobRun.objects.order_by("name", "-started_at").distinct("name")
    return [_run_row(run) for run in runs]


def find_last_success(name: str) -> RunRow | None:
    """Return the newest run of `name` that ended well, or None. One query."""
    runs = JobRun.objects.filter(name=name, outcome=JobRun.Outcome.OK)
    run = runs.order_by("-started_at").first()
    return None if run is None else _run_row(run)


def count_red_runs(*, now: datetime) -> int:
    """Return how many jobs failed or hung within a day and have not ended well since. One query.

    Reads by the outcome index: cheap enough for every staff page.
    """
    newer_success = JobRun.objects.filter(
        name=OuterRef("name"), outcome=JobRun.Outcome.OK, started_at__gt=OuterRef("started_at")
    )
    red = JobRun.objects.filter(
        ~Exists(newer_success),
        outcome__in=[JobRun.Outcome.FAILED, JobRun.Outcome.HUNG],
        heartbeat_at__gte=now - RED_FOR,
    )
    return red.values("name").distinct().count()


def _run_row(run: JobRun) -> RunRow:
    ended = run.finished_at
    return RunRow(
        name=run.name,
        outcome=run.outcome,
        started_at=run.started_at,
        seconds=None if ended is None else (ended - run.started_at).total_seconds(),
        rows=run.rows,
        error=run.error,
        report=run.report,
    )
