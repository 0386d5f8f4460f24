"""Read experiments: outcomes counted, arms compared, harm and mismatch stopped by themselves."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from math import isfinite
from typing import Any

import numpy as np
from django.db import connection, transaction

from profiles.experiments.core.adaptive import thompson_shares
from profiles.experiments.core.assignment import ServedReading
from profiles.experiments.core.metrics import COLUMNS, METRICS, CellGuard
from profiles.experiments.core.readings import MetricReading, Reading, read_units
from profiles.experiments.core.switchback import CellReading, compare_turns
from profiles.experiments.models import Experiment, ExperimentOutcome, ExperimentReadout
from profiles.experiments.selectors.cell_guards import read_balance, read_guards
from profiles.experiments.selectors.cells import load_cells, load_period, read_switchback
from profiles.experiments.selectors.experiments import LoadServed
from profiles.experiments.selectors.outcomes import (
    ADDS,
    FIRST_SEEN,
    SIGN,
    load_measured,
    read_promise,
    who_is_willing,
)
from profiles.experiments.services.experiments import move_shares, stop_experiment
from profiles.lots import Purpose, find_seed

logger = logging.getLogger(__name__)

# After the end returns and late events are still counted for so long.
SETTLING = timedelta(days=14)
STATES = Experiment.State


def read_experiments(*, now: datetime, load_served: LoadServed) -> int:
    """Read every experiment that runs or ended lately; return how many were read.

    `load_served` tells what was served of one with public prices: the caller knows the prices.
    Each is read by itself: a fault in one is logged and keeps no other from being read.
    """
    running = Experiment.objects.filter(state=STATES.RUNNING)
    settling = Experiment.objects.filter(
        state__in=[STATES.STOPPED, STATES.DECIDED], stopped_at__gte=now - SETTLING
    )
    count = 0
    for pk in [row.pk for row in (*running, *settling)]:
        try:
            read_experiment(experiment_id=pk, now=now, load_served=load_served)
            count += 1
        except Exception:  # one experiment's fault must not blind the guards of the others
            logger.exception("experiment %s could not be read", pk)
    return count


@transaction.atomic
def read_experiment(
    *, experiment_id: int, now: datetime, load_served: LoadServed | None = None
) -> dict[str, Any]:
    """Count and read one experiment; keep the day's read-out and return its figures.

    Stops it if a guard is certainly harmed or the arms did not get the shoppers they were meant
    to get, and moves a bandit's shares once a day. Run twice it is the same. Without `load_served`
    nothing is said of whether public prices were served as drawn. Locks the row.
    """
    row = Experiment.objects.select_for_update(of=("self",)).get(pk=experiment_id)
    day = (now if row.stopped_at is None else min(now, row.stopped_at)).date()
    if row.unit == Experiment.Unit.CLUSTER:
        return _read_clusters(row, day, now, load_served)
    newest = ExperimentReadout.objects.filter(experiment=row).order_by("-day").first()
    count_outcomes(row=row, last_counted=None if newest is None else newest.day, now=now)
    measured = load_measured(row)
    reading = read_units(read_promise(row), measured.units, measured.exposed)
    figures = show_reading(reading, measured.exposed)
    _keep(row, day, now, figures)
    if row.state == STATES.RUNNING:
        _act(row, reading, None if newest is None else newest.day, now)
    return figures


def _read_clusters(
    row: Experiment, day: date, now: datetime, load_served: LoadServed | None
) -> dict[str, Any]:
    """Keep what the clusters say; stop what harms or was not served as drawn.

    An experiment ends by itself after its turns.
    """
    period = load_period(row, now=now)
    cells = load_cells(row, period)
    served = None if load_served is None else load_served(period)
    balance = read_balance(row, period, cells.treated, served)
    guards = read_guards(row, period, cells.treated, served)
    turns = compare_turns(cells.outcome, cells.level, cells.treated)
    cheaper = next(one["code"] for one in row.registration["arms"] if not one["is_control"])
    figures = show_cells(read_switchback(row, cells), guards, balance, cheaper)
    figures["turns"] = [list(one) for one in turns]
    _keep(row, day, now, figures)
    begun, length = row.started_at, timedelta(days=row.planned_days)
    if row.state == STATES.RUNNING and figures["verdict"] in ("mismatch", "harmed"):
        _stop(row, figures["verdict"], now)
    elif row.state == STATES.RUNNING and begun is not None and now >= begun + length:
        stop_experiment(experiment_id=row.pk, reason="completed", now=now, is_automatic=True)
    return figures


def _keep(row: Experiment, day: date, now: datetime, figures: Mapping[str, Any]) -> None:
    ExperimentReadout.objects.update_or_create(
        experiment=row, day=day, defaults={"at": now, "figures": figures}
    )


def _act(row: Experiment, reading: Reading, last_read: date | None, now: datetime) -> None:
    """Stop what harms or is out of balance; give a bandit new shares once a day."""
    if reading.verdict in ("mismatch", "harmed"):
        _stop(row, reading.verdict, now)
    elif row.mode == Experiment.Mode.BANDIT and last_read not in (None, now.date()):
        _turn_bandit(row, reading, now)


def _stop(row: Experiment, verdict: str, now: datetime) -> None:
    logger.error("experiment %s stopped by itself: %s", row.code, verdict)
    stop_experiment(experiment_id=row.pk, reason=verdict, now=now, is_automatic=True)


def _turn_bandit(row: Experiment, reading: Reading, now: datetime) -> None:
    promise = read_promise(row)
    sign = METRICS[promise.primary].sign
    by_arm = {one.arm: one.comparison.treated for one in reading.primary}
    control = reading.primary[0].comparison.control
    estimates = [by_arm.get(code, control) for code in promise.arms]
    shares = thompson_shares(
        np.array([sign * one.mean for one in estimates]),
        np.array([one.error for one in estimates]),
        row.registration["least_share"],
        # The same day draws the same shares: a job that runs again changes nothing.
        np.random.default_rng(find_seed(Purpose.BANDIT, row.salt, now.date().isoformat())),
    )
    moved = {code: round(float(share), 4) for code, share in zip(promise.arms, shares, strict=True)}
    moved[promise.arms[promise.control]] += 1.0 - sum(moved.values())
    move_shares(experiment_id=row.pk, shares=moved, reason="thompson", now=now)


def show_reading(reading: Reading, exposed: Mapping[int, Sequence[int]]) -> dict[str, Any]:
    """Return a reading as JSON values; what is infinite is None."""
    return {
        "kind": "shoppers",
        "verdict": reading.verdict,
        "winner": reading.winner,
        "balance": reading.balance,
        "measured": list(reading.counts),
        "exposed": np.sum(list(exposed.values()), axis=0).tolist() if exposed else [],
        "primary": [_show_metric(one) for one in reading.primary],
        "guards": [_show_metric(one) for one in reading.guards],
    }


def show_cells(
    reading: CellReading,
    guards: Sequence[CellGuard],
    balance: ServedReading | None,
    arm: str,
) -> dict[str, Any]:
    """Return the reading of a switchback as JSON values, the most urgent verdict first; `arm` is
    the cheaper one."""
    verdict = "few" if not isfinite(reading.low) else "open"
    if balance is not None and balance.fault:
        verdict = "mismatch"
    elif any(one.is_harmed for one in guards):
        verdict = "harmed"
    elif reading.low > 0.0:
        verdict = "wins"
    elif reading.high < 0.0:
        verdict = "loses"
    shown = {name: _finite(getattr(reading, name)) for name in CellReading.__slots__}
    return {
        "kind": "clusters",
        "verdict": verdict,
        "leaks": reading.leaks,
        **shown,
        "guards": [_show_guard(one, arm) for one in guards],
        "served": None if balance is None else _show_balance(balance),
    }


def _show_guard(one: CellGuard, arm: str) -> dict[str, Any]:
    return {
        "arm": arm,
        "metric": one.metric.code,
        "tolerance": one.tolerance,
        "is_harmed": one.is_harmed,
        "relative": one.reading.effect if one.reading.pairs else None,
        "relative_low": _finite(one.reading.low),
        "relative_high": _finite(one.reading.high),
    }


def _show_balance(one: ServedReading) -> dict[str, Any]:
    impressions = one.looks
    return {
        "fault": one.fault,
        "coins": one.coins,
        "first_treated": one.first_treated,
        "balance": one.balance,
        "astray": list(one.astray),
        "held": list(one.held),
        "looks": None
        if impressions is None or not isfinite(impressions.low)
        else [impressions.effect, impressions.low, impressions.high],
    }


def _show_metric(one: MetricReading) -> dict[str, Any]:
    found = one.comparison
    return {
        "arm": one.arm,
        "metric": one.metric,
        "tolerance": one.tolerance,
        "is_harmed": one.is_harmed,
        "is_better": one.is_better,
        "is_worse": one.is_worse,
        "treated": found.treated.mean,
        "control": found.control.mean,
        "kept_variance": found.kept_variance,
        **{
            name: _finite(getattr(found, name))
            for name in ("difference", "error", "low", "high", "relative", "relative_low")
        },
        "relative_high": _finite(found.relative_high),
        "p_value": found.p_value,
    }


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None


# How many weeks before the start adjust what came after it.
BEFORE = timedelta(days=28)
# Events may come late, and guests become logins: so many days are counted anew each time.
RECOUNTED = timedelta(days=3)

# Materialized: with tables that were never analysed it would be computed for every event.
_COUNT = """
WITH seen AS MATERIALIZED ({first_seen})
INSERT INTO profiles_experimentoutcome
    (experiment_id, shopper_id, day, is_before, {names})
SELECT %(experiment)s, seen.shopper_id, {day}, {is_before}, {sums}
FROM seen
{join} profiles_event event
    ON event.shopper_id = seen.shopper_id
    AND event.occurred_at >= {since} AND event.occurred_at < %(until)s
{where}
GROUP BY 2, 3
ON CONFLICT (experiment_id, shopper_id, day, is_before) DO NOTHING
"""
_NOT_BEFORE = """
WHERE NOT EXISTS (
    SELECT 1 FROM profiles_experimentoutcome known
    WHERE known.experiment_id = %(experiment)s AND known.shopper_id = seen.shopper_id
        AND known.is_before
)
"""
_FORGET_UNWILLING = """
DELETE FROM profiles_experimentoutcome outcome
USING profiles_shopper guest
JOIN profiles_shopper owner ON owner.id = coalesce(guest.merged_into_id, guest.id)
WHERE outcome.experiment_id = %(experiment)s AND guest.id = outcome.shopper_id
    -- What a guest did before is counted anew with the login it became.
    AND (NOT ({willing}) OR (outcome.is_before AND guest.merged_into_id IS NOT NULL))
"""


@transaction.atomic
def count_outcomes(*, row: Experiment, last_counted: date | None, now: datetime) -> int:
    """Count outcomes of a running or stopped experiment up to `now`; return the new rows.

    Days since `last_counted` less the days of late events are counted anew, all of them without
    it: run twice, it is the same. What was counted of who does not agree any more is deleted.
    """
    if row.started_at is None:
        return 0
    begin = _midnight(row.started_at.date())
    if last_counted is not None:
        begin = max(begin, _midnight(last_counted) - RECOUNTED)
    until = now if row.stopped_at is None else min(now, row.stopped_at)
    willing = who_is_willing(row.registration["purpose"])
    ExperimentOutcome.objects.filter(
        experiment=row, is_before=False, day__gte=begin.date()
    ).delete()
    named: dict[str, Any] = {"experiment": row.pk, "since": begin, "until": until}
    before: dict[str, Any] = {
        "experiment": row.pk,
        "since": row.started_at - BEFORE,
        "until": row.started_at,
        "day": row.started_at.date(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_FORGET_UNWILLING.format(willing=willing), named)
        cursor.execute(_compose(willing, is_before=False), named)
        counted = int(cursor.rowcount)
        cursor.execute(_compose(willing, is_before=True), before)
        return counted + int(cursor.rowcount)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


def _compose(willing: str, *, is_before: bool) -> str:
    sums = ", ".join(ADDS[name].format(sign=SIGN) for name in COLUMNS)
    return _COUNT.format(
        names=", ".join(COLUMNS),
        sums=sums,
        first_seen=FIRST_SEEN.format(willing=willing),
        is_before=is_before,
        # Everybody has a row of before, though nothing may have happened then.
        join="LEFT JOIN" if is_before else "JOIN",
        day="%(day)s::date" if is_before else "(event.occurred_at AT TIME ZONE 'UTC')::date",
        since="%(since)s" if is_before else "greatest(seen.at, %(since)s)",
        where=_NOT_BEFORE if is_before else "",
    )
