"""Experiments as staff see them: their words, what was promised, how they stand, what to expect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
from django.db.models import Count
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from profiles.experiments.core.assignment import ArmPlan
from profiles.experiments.core.estimates import influence, spend_alpha
from profiles.experiments.core.metrics import COLUMNS, METRICS, take_sample
from profiles.experiments.core.power import Foresight, foresee_cells
from profiles.experiments.core.sequences import IntArray
from profiles.experiments.models import Experiment, ExperimentReadout
from profiles.experiments.selectors.cells import AMOUNTS, add_up, load_daily, propose_clusters
from profiles.experiments.selectors.experiments import make_arm
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
    arms: tuple[ArmPlan, ...]
    newest: ReadoutRow | None = None
    readouts: tuple[ReadoutRow, ...] = ()
    deviations: tuple[DeviationRow, ...] = ()
    shares: Mapping[str, float] | None = None
    segments: tuple[str, ...] = ()
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
    plain = {each.name for each in fields(ExperimentRow) if each.default is MISSING}
    return ExperimentRow(
        **{name: getattr(row, name) for name in plain - {"namespace", "arms"}},
        namespace=row.namespace.code,
        segments=tuple(row.targeting.get("segments", ())),
        arms=tuple(make_arm(one) for one in row.arms.all()),
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


type Text = str | Promise

METRIC_NAMES: dict[str, Text] = {
    "revenue_per_shopper": gettext_lazy("sales a shopper, less returns"),
    "margin_per_shopper": gettext_lazy("margin a shopper, less returns"),
    "orders_per_shopper": gettext_lazy("orders a shopper"),
    "conversion": gettext_lazy("share of shoppers who order"),
    "units_per_shopper": gettext_lazy("pieces a shopper"),
    "average_order": gettext_lazy("sales an order"),
    "clicks_per_view": gettext_lazy("clicks a view"),
    "offer_clicks_per_view": gettext_lazy("clicks on an offer each time it is seen"),
    "cart_adds_per_shopper": gettext_lazy("pieces put in the cart, a shopper"),
    "return_rate": gettext_lazy("share of pieces sent back"),
}

# What clusters of products are read by, and guarded by: sums of everybody, not means of shoppers.
OUTCOMES: dict[str, Text] = {
    "units_per_shopper": gettext_lazy("pieces sold"),
    "revenue_per_shopper": gettext_lazy("sales"),
    "margin_per_shopper": gettext_lazy("margin"),
    "neighbor_revenue": gettext_lazy("sales of other products that go with them"),
    "margin_per_look": gettext_lazy("margin each time a price is seen"),
    "return_rate": gettext_lazy("share of pieces sent back"),
    "stock_out_share": gettext_lazy("share of hours sold out"),
}

# By code; the mathematics raises messages of the catalogue instead.
PROBLEMS: dict[str, Text] = {
    "metric": gettext_lazy("Choose metrics from the list."),
    "purpose": gettext_lazy("Choose the consent under which the experiment uses what it measures."),
    "hypothesis": gettext_lazy("Write down what you expect and why, before the start."),
    "effect": gettext_lazy("Enter the smallest effect worth detecting; it cannot be zero."),
    "plan": gettext_lazy("Enter how many shoppers and days are planned."),
    "traffic": gettext_lazy("An experiment takes more than 0 and at most 100 % of its namespace."),
    "everything": gettext_lazy("This namespace only holds shoppers out of all experiments."),
    "guard": gettext_lazy("The loss that a guard tolerates must be at least 0 % and below 100 %."),
    "least": gettext_lazy("The smallest shares of all arms must leave something to share out."),
    "bandit_metric": gettext_lazy(
        "Adaptive shares need metrics counted by shopper, not by order or view."
    ),
    "cluster_metric": gettext_lazy("Clusters of products are read by sales, margin or pieces."),
    "cluster_arms": gettext_lazy(
        "With clusters of products there is the public price and one other price."
    ),
    "clusters": gettext_lazy("Choose the products first: they are put into clusters."),
    "goods": gettext_lazy("Some of these products are in another experiment that runs."),
    "price_arm": gettext_lazy(
        "Personal prices are compared with public ones: give an arm the setting"
        ' {"personal": false}, and leave every price at 100 %.'
    ),
    "wash_out": gettext_lazy("The days between two turns must be fewer than those of a turn."),
}


def say_problem(code: str) -> str:
    """Return a problem, a code or a message, as a sentence in the reader's language."""
    return str(PROBLEMS[code]) if code in PROBLEMS else gettext(code)


# So many past days stand for the turns to come, two turns at least.
PAST_DAYS = 28
# What an experiment with public prices may err, guards included.
ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class CellPlan:
    """How the products of an experiment with public prices would be read."""

    metric: str
    period_days: int
    wash_out_days: int
    turns: int
    effect: float
    targeting: Mapping[str, Any]
    guards: int = 0


@dataclass(frozen=True, slots=True)
class CellForecast:
    """The clusters of the products, and what the plan will see of them."""

    goods: int
    clusters: int
    largest: int
    foresight: Foresight


def forecast_cells(variant_ids: IntArray, plan: CellPlan, now: datetime) -> CellForecast:
    """Return the clusters of products and what a plan sees, by their last weeks. Two queries."""
    ids = np.unique(np.asarray(variant_ids, dtype=np.int64))
    clusters = propose_clusters(ids)
    count = int(clusters.max()) + 1 if len(clusters) else 0
    past = max(2, PAST_DAYS // plan.period_days)
    start = now - timedelta(days=past * plan.period_days)
    items = dict(zip(ids.tolist(), clusters.tolist(), strict=True))
    amount = AMOUNTS[plan.metric]
    daily = load_daily(items, amount, start=start, until=now, targeting=plan.targeting)
    outcome, level = np.zeros((count, past)), np.zeros(count)
    add_up(daily, outcome, level, plan.period_days, plan.wash_out_days)
    return CellForecast(
        goods=len(ids),
        clusters=count,
        largest=int(np.bincount(clusters).max()) if count else 0,
        foresight=foresee_cells(
            outcome,
            level,
            turns=plan.turns,
            effect=plan.effect,
            alpha=spend_alpha(ALPHA, 1, plan.guards)[0],
        ),
    )
