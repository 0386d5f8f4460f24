"""Health of jobs, queues, outbox and event stream, and the age of prices and profiles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from celery import current_app
from django.utils.translation import gettext as _

from pricing.api import read_price_freshness
from profiles.accounts.api import read_profile_freshness, read_stream
from shop.doors.backoffice.formats import is_older, show_age
from shop.ground.jobs.redis import OK, REFUSES, probe_redis
from shop.ground.jobs.selectors import (
    ONE_WORKER,
    RunRow,
    list_latest_runs,
    list_recent_runs,
    read_queue_depths,
)
from shop.ground.outbox.selectors import read_outbox
from shop.ground.staff.numbers import show_count, show_number
from shop.ground.staff.region import show_time

RUNS_SHOWN = 20
OUTCOME_TONES = {"ok": "green", "running": "blue", "failed": "red", "hung": "red"}
# A job is late once its turn has passed by so much and by a whole period.
LATE_AFTER = timedelta(seconds=30)
# Without any run for so long no worker runs: a late job is then no fault of its own.
STOPPED_AFTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job: its newest run, how often it should run, why it is late if so, and its last outcomes
    (newest last)."""

    name: str
    outcome: str
    tone: str
    started_at: datetime | None
    age: str
    seconds: str
    rows: str
    every: str
    is_late: bool
    why: str
    error: str
    history: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure with a color that says whether to worry."""

    title: str
    figure: str
    tone: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class JobCounts:
    """How many jobs are red on the page of workers, and how many are fine."""

    red: int
    fine: int


def count_jobs(now: datetime) -> JobCounts:
    """Return how many jobs `list_jobs` calls red, and how many it calls fine. One query, cheap
    enough for every staff page."""
    intervals, newest = _read_intervals(), list_latest_runs()
    late_tone = _find_late_tone(newest, now)
    tones = [_grade_run(run, intervals.get(run.name), now, late_tone)[0] for run in newest]
    return JobCounts(tones.count("red"), sum(tone in ("green", "blue") for tone in tones))


def _find_late_tone(runs: Iterable[RunRow], now: datetime) -> str:
    """Return the tone of a late job: where no worker runs at all, that is no fault of its own."""
    return "red" if find_stop((run.started_at for run in runs), now) is None else "gray"


def _grade_run(
    newest: RunRow, every: timedelta | None, now: datetime, late_tone: str
) -> tuple[str, bool]:
    """Return the tone of a job by its newest run, and whether it is late: one at work is not."""
    is_late = (
        every is not None
        and newest.outcome != "running"
        and is_older(newest.started_at, now, every + max(every, LATE_AFTER))
    )
    tone = OUTCOME_TONES.get(newest.outcome, "gray")
    return (late_tone if is_late and tone != "red" else tone), is_late


def list_jobs(now: datetime) -> list[JobLine]:
    """Return each job's state; failed, hung and late ones first. One query."""
    intervals = _read_intervals()
    recent = list_recent_runs(per_job=RUNS_SHOWN)
    late_tone = _find_late_tone(recent, now)
    runs = groupby(recent, key=lambda run: run.name)
    jobs = [
        _job_line(name, list(group), intervals.get(name), now, late_tone) for name, group in runs
    ]
    lanes = _read_lanes()
    waits = {
        job.name: say_why_late(job.name, lanes.get(job.name, ""), recent, now)
        for job in jobs
        if job.is_late
    }
    jobs = [replace(job, why=waits.get(job.name, "")) for job in jobs]
    known = {job.name for job in jobs}
    jobs += [_never_ran(name, every) for name, every in intervals.items() if name not in known]
    return sorted(jobs, key=lambda job: (job.tone != "red", job.name))


def say_why_late(name: str, lane: str, recent: Sequence[RunRow], now: datetime) -> str:
    """Return what a late job waits for: a worker of its lane, or the job that this works on."""
    lanes = ONE_WORKER if lane in ONE_WORKER else (lane,)
    ran = [run for run in recent if run.queue in lanes]
    if find_stop((run.started_at for run in ran), now) is not None or not ran:
        return _("No worker has begun a job of the lane %(lane)s lately.") % {"lane": lane}
    working = [run for run in ran if run.outcome == "running" and run.name != name]
    if not working:
        return _("The lane %(lane)s has fallen behind.") % {"lane": lane}
    longest = min(working, key=lambda run: run.started_at)
    told = _("It waits in the lane %(lane)s for %(job)s, which has run for %(age)s.")
    return told % {"lane": lane, "job": longest.name, "age": show_age(longest.started_at, now)}


def _read_lanes() -> dict[str, str]:
    entries = (current_app.conf.beat_schedule or {}).values()
    return {one["task"].rpartition(".")[2]: one["options"]["queue"] for one in entries}


def find_stop(begun: Iterable[datetime | None], now: datetime) -> datetime | None:
    """Return when the last job began, if no worker has begun one since STOPPED_AFTER."""
    past = (one for one in begun if one and one <= now)  # a clock set back leaves later ones
    newest = max(past, default=None)
    return newest if newest is not None and now - newest > STOPPED_AFTER else None


def _read_intervals() -> dict[str, timedelta | None]:
    """Return how often the schedule starts each job; None for those tied to the clock."""
    intervals: dict[str, timedelta | None] = {}
    for entry in (current_app.conf.beat_schedule or {}).values():
        every = entry["schedule"]
        if isinstance(every, int | float):
            every = timedelta(seconds=every)
        name = entry["task"].rpartition(".")[2]
        intervals[name] = (
            every if isinstance(every, timedelta) else getattr(every, "run_every", None)
        )
    return intervals


def _job_line(
    name: str, runs: Sequence[RunRow], every: timedelta | None, now: datetime, late_tone: str
) -> JobLine:
    newest = runs[0]
    tone, is_late = _grade_run(newest, every, now, late_tone)
    return JobLine(
        name=name,
        outcome=newest.outcome,
        tone=tone,
        started_at=newest.started_at,
        age=show_age(newest.started_at, now),
        seconds="…" if newest.seconds is None else f"{show_number(newest.seconds)} s",
        rows=_show_rows(newest),
        every=_show_interval(every),
        is_late=is_late,
        why="",
        error=(newest.error.strip().splitlines() or [""])[-1][:160],
        history=tuple(
            (
                OUTCOME_TONES.get(run.outcome, "gray"),
                f"{show_time(run.started_at)} {run.outcome}",
            )
            for run in reversed(runs)
        ),
    )


def _show_rows(run: RunRow) -> str:
    """Return how many rows a run handled; of one that tells how far it is, of how many."""
    whole = run.report.get("of")
    if run.outcome != "running" or not whole:
        return show_count(run.rows)
    return f"{show_count(run.rows)} / {show_count(whole)}"


def _never_ran(name: str, every: timedelta | None) -> JobLine:
    return JobLine(
        name=name,
        outcome=_("never ran"),
        tone="amber" if every is not None else "gray",
        started_at=None,
        age="–",
        seconds="–",
        rows="–",
        every=_show_interval(every),
        is_late=False,
        why="",
        error="",
        history=(),
    )


def _show_interval(every: timedelta | None) -> str:
    if every is None:
        return _("on schedule")
    seconds = int(every.total_seconds())
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"


def list_gauges(now: datetime) -> list[Gauge]:
    """Return queue depths, outbox and event stream. Two queries, four Redis round trips."""
    depths = read_queue_depths()
    outbox = read_outbox()
    stream = read_stream(now=now)
    gauges = [_redis_gauge(probe_redis())]
    for queue, depth in (depths or {}).items():
        gauges.append(
            Gauge(_("Queue %(name)s") % {"name": queue}, str(depth), _grade(depth, 50, 500))
        )
    oldest = outbox.oldest_at
    waits = 0 if oldest is None else max(0, int((now - oldest).total_seconds()))
    gauges.append(
        Gauge(
            _("Facts waiting"),
            str(outbox.waiting),
            "red" if outbox.stuck else _grade(waits, 30, 300),
            _("oldest %(age)s, given up %(stuck)d")
            % {"age": "–" if oldest is None else show_age(oldest, now), "stuck": outbox.stuck},
        )
    )
    if stream is not None:
        gauges.append(
            Gauge(
                _("Events not yet stored"),
                show_count(stream.waiting),
                _grade(stream.lag_seconds, 30, 300),
                _("oldest waits %(seconds)d s") % {"seconds": round(stream.lag_seconds)},
            )
        )
    return gauges


def _redis_gauge(state: str) -> Gauge:
    if state == OK:
        return Gauge("Redis", _("answers"), "green")
    word = _("refuses writes") if state == REFUSES else _("down")
    return Gauge("Redis", word, "red", _("The store sells at public prices meanwhile."))


def _grade(number: float, amber: float, red: float) -> str:
    if number >= red:
        return "red"
    return "amber" if number >= amber else "green"


def list_freshness(now: datetime) -> list[Gauge]:
    """Return the ages of what prices are made from. Four queries."""
    prices = read_price_freshness()
    profiles = read_profile_freshness()
    model = prices.model_name or _("none yet")
    number = prices.book_version
    book = _("none yet") if number is None else _("version %(number)s") % {"number": number}
    aged = (
        (_("Demand model"), prices.trained_at, timedelta(days=2), timedelta(days=14), model),
        (_("Price book"), prices.published_at, timedelta(hours=2), timedelta(hours=24), book),
        (_("Features"), profiles.refreshed_at, timedelta(hours=2), timedelta(hours=26), ""),
        (_("Segments"), profiles.fitted_at, timedelta(days=2), timedelta(days=14), ""),
    )
    return [
        Gauge(title, show_age(moment, now), _grade_age(moment, now, amber, red), note)
        for title, moment, amber, red, note in aged
    ]


def _grade_age(moment: datetime | None, now: datetime, amber: timedelta, red: timedelta) -> str:
    if is_older(moment, now, red):
        return "red"
    return "amber" if is_older(moment, now, amber) else "green"
