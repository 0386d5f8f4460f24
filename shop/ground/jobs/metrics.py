"""Counters of jobs and limits."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

job_runs_total = Counter("fairtag_job_runs_total", "Finished runs by outcome", ["job", "outcome"])
job_rows_total = Counter("fairtag_job_rows_total", "Rows handled", ["job"])
job_seconds = Histogram(
    "fairtag_job_seconds",
    "Duration of a run",
    ["job"],
    buckets=(0.05, 0.2, 1, 5, 15, 60, 300, 900),
)
limits_total = Counter(
    "fairtag_limits_total",
    "Requests counted by rate limits; where: redis or process",
    ["policy", "outcome", "where"],
)
