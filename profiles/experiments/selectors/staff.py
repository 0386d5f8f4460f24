"""Experiments as staff see them: what was promised, how it stands, and what the past tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
from django.db.models import Count

from profiles.experiments.core import COLUMNS, METRICS, take_sample
from profiles.experiments.core.estimates import influence
from profiles.experiments.models import Experiment, ExperimentReadout
from profiles.experiments.selectors.outcomes import ADDS, SIGN
from shop.ground.database.packed import Packed, fetch_packed

WINDOW = timedelta(days=28)
_SOURCE = """
FROM (
    SELECT event.shopper_id, {sums} FROM profiles_event event
    WHERE event.occurred_at >= %(since)s AND event.occurred_at < %(until)s
    GROUP BY event.shopper_id
) shoppers
"""


@dataclass(frozen=True, slots=True)
class ArmRow:
    """An arm of an experiment."""

    code: str
    name: str
    name_zh: str
    share: float
    is_control: bool
    price_factor: float


@dataclass(frozen=True, slots=True)
class ReadoutRow:
    """What was read at the end of a day."""

    day: date
    at: datetime
    figures: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DeviationRow:
    """What was changed after the registration."""

    at: datetime
    field: str
    before: Any
    after: Any
    reason: str


@dataclass(frozen=True, slots=True)
class ExperimentRow:
    """An experiment with its newest read-out; `readouts` and `deviations` only on its own page."""

    id: int
    code: str
    name: str
    name_zh: str
    hypothesis: str
    subject: str
    subject_ref: str
    unit: str
    mode: str
    purpose: str
    namespace: str
    traffic: float
    primary_metric: str
    guards: Mapping[str, float]
    minimum_effect: float
    planned_units: int
    planned_days: int
    period_days: int
    wash_out_days: int
    alpha: float
    state: str
    registration_sha256: str
    started_at: datetime | None
    stopped_at: datetime | None
    stop_reason: str
    decision: str
    decision_reason: str
    arms: tuple[ArmRow, ...]
    newest: ReadoutRow | None = None
    readouts: tuple[ReadoutRow, ...] = ()
    deviations: tuple[DeviationRow, ...] = ()
    shares: Mapping[str, float] | None = None
    goods: int = 0
    clusters: int = 0


@dataclass(frozen=True, slots=True)
class Baseline:
    """A metric over the last four weeks: mean and spread over shoppers, how strongly the four weeks
    before tell it, and how many shoppers come a day."""

    mean: float
    spread: float
    correlation: float
    shoppers: int
    daily: float


def list_experiments() -> list[ExperimentRow]:
    """Return all experiments, newest first, each with its newest read-out. Three queries."""
    rows = list(Experiment.objects.select_related("namespace").prefetch_related("arms"))
    read = ExperimentReadout.objects.order_by("experiment_id", "-day").distinct("experiment_id")
    newest = {one.experiment_id: _readout(one) for one in read}
    return [_row(one, newest.get(one.pk)) for one in rows]


def get_experiment(experiment_id: int) -> ExperimentRow | None:
    """Return one experiment with all that was read and changed, None if unknown. Six queries."""
    rows = Experiment.objects.select_related("namespace").prefetch_related(
        "arms", "readouts", "deviations", "shares"
    )
    row = rows.filter(pk=experiment_id).first()
    if row is None:
        return None
    readouts = tuple(_readout(one) for one in row.readouts.all())
    deviations = tuple(
        DeviationRow(one.at, one.field, one.before, one.after, one.reason)
        for one in row.deviations.all()
    )
    shares = max(row.shares.all(), key=lambda one: one.revision, default=None)
    return _row(
        row,
        readouts[-1] if readouts else None,
        readouts=readouts,
        deviations=deviations,
        shares=None if shares is None else shares.shares,
        **row.items.aggregate(goods=Count("id"), clusters=Count("cluster", distinct=True)),
    )


def count_unanswered() -> int:
    """Return how many experiments stopped by themselves and wait for a decision. One query."""
    own = ("mismatch", "harmed")
    return Experiment.objects.filter(state="stopped", stop_reason__in=own).count()


def _row(row: Experiment, newest: ReadoutRow | None, **more: Any) -> ExperimentRow:
    plain = (
        *("id", "code", "name", "name_zh", "hypothesis", "subject", "subject_ref", "unit", "mode"),
        *("purpose", "traffic", "primary_metric", "guards", "minimum_effect", "planned_units"),
        *(
            "planned_days",
            "period_days",
            "wash_out_days",
            "alpha",
            "state",
            "registration_sha256",
            "started_at",
            "stopped_at",
        ),
        *("stop_reason", "decision", "decision_reason"),
    )
    return ExperimentRow(
        **{name: getattr(row, name) for name in plain},
        namespace=row.namespace.code,
        arms=tuple(
            ArmRow(one.code, one.name, one.name_zh, one.share, one.is_control, one.price_factor)
            for one in row.arms.all()
        ),
        newest=newest,
        **more,
    )


def _readout(row: ExperimentReadout) -> ReadoutRow:
    return ReadoutRow(row.day, row.at, row.figures)


@lru_cache(maxsize=32)
def read_baseline(metric: str, until: date) -> Baseline:
    """Return a metric over the four weeks up to a day, for planning. Two queries, once a day."""
    now, before = (
        _load(until - WINDOW, until),
        _load(until - 2 * WINDOW, until - WINDOW),
    )
    shopper = now["shopper"].astype(np.int64)
    past = {name: np.zeros(len(shopper)) for name in COLUMNS}
    known, mine, theirs = np.intersect1d(
        shopper, before["shopper"].astype(np.int64), return_indices=True
    )
    for name in COLUMNS:
        past[name][mine] = before[name].astype(np.float64)[theirs]
    present = {name: now[name].astype(np.float64) for name in COLUMNS}
    if len(shopper) < 2:
        return Baseline(0.0, 0.0, 0.0, len(shopper), 0.0)
    sample = take_sample(METRICS[metric], present, past)
    value = influence(sample.top, sample.base, sample.ratio)
    correlation = 0.0
    if sample.before_top is not None and sample.before_base is not None and len(known) > 2:
        total = float(sample.before_base.sum())
        ratio = float(sample.before_top.sum()) / total if total > 0.0 else 0.0
        x = influence(sample.before_top, sample.before_base, ratio)
        if x.std() > 0.0 and value.std() > 0.0:
            correlation = float(np.corrcoef(value, x)[0, 1])
    return Baseline(
        sample.ratio, float(value.std(ddof=1)), correlation, len(shopper), len(shopper) / 28.0
    )


def _load(since: date, until: date) -> np.ndarray:
    sums = ", ".join(f"({ADDS[name].format(sign=SIGN)})::int8 AS {name}" for name in COLUMNS)
    columns = (
        Packed("shopper", ">i8", "int8send(shopper_id)"),
        *(Packed(name, ">i8", f"int8send({name})") for name in COLUMNS),
    )
    rows = fetch_packed(columns, _SOURCE.format(sums=sums), {"since": since, "until": until})
    return rows[np.argsort(rows["shopper"])]
