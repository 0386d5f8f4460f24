"""Clusters of products for experiments with public prices, and their sales turn by turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import QuerySet

from profiles.experiments.core.estimates import spend_alpha
from profiles.experiments.core.sequences import FloatArray, IntArray
from profiles.experiments.core.switchback import (
    BoolArray,
    CellReading,
    cluster_items,
    draw_cells,
    find_turn,
    is_treated,
    read_cells,
    weigh_between,
)
from profiles.experiments.models import Experiment, ExperimentItem
from profiles.experiments.selectors.outcomes import UNIT_COST
from profiles.recommend.api import get_similarity_model
from shop.ground.catalog.selectors import load_variant_arrays

# How long before the start a cluster's level is measured.
LEVEL_DAYS = 28

# What was really earned of a good on a day (UTC, counted from the start), by everybody: purchases
# are recorded without consent, because a contract needs them, and only sums leave this query.
_DAILY = """
SELECT item.cluster, floor(extract(epoch FROM event.occurred_at - %(start)s) / 86400)::int AS day,
    sum(CASE event.kind WHEN 'purchase' THEN 1 ELSE -1 END * ({amount}))
FROM profiles_event event
JOIN unnest(%(goods)s::bigint[], %(clusters)s::int[]) AS item (variant_id, cluster)
    ON item.variant_id = event.variant_id
WHERE event.kind IN ('purchase', 'return')
    AND event.occurred_at >= %(since)s AND event.occurred_at < %(until)s
    AND (cardinality(%(channels)s::text[]) = 0 OR event.channel = ANY(%(channels)s::text[]))
    AND (cardinality(%(markets)s::text[]) = 0 OR EXISTS (
        SELECT FROM profiles_shopper buyer
        WHERE buyer.id = event.shopper_id AND buyer.market_code = ANY(%(markets)s::text[])
    ))
GROUP BY 1, 2
"""
AMOUNTS = {
    "revenue_per_shopper": "event.paid_minor",
    "margin_per_shopper": f"event.paid_minor - event.quantity * coalesce({UNIT_COST}, 0)",
    "units_per_shopper": "event.quantity",
}
# What guards need beside: pieces sold and pieces sent back, each by itself.
COUNTS = {
    "units_sold": "CASE event.kind WHEN 'purchase' THEN event.quantity ELSE 0 END",
    "units_returned": "CASE event.kind WHEN 'return' THEN -event.quantity ELSE 0 END",
}


@dataclass(frozen=True, slots=True)
class PublicArm:
    """What a running experiment makes of a variant's public price at a moment.

    `turn` counts from 0; `price_factor` is 1 in the plain arm and never above; `other_factor` is
    that of the other arm, which had the same chance: one coin for each `cluster` and pair of turns.
    """

    experiment_id: int
    arm: str
    turn: int
    price_factor: float
    is_control: bool
    other_factor: float
    cluster: int


def find_public_arms(
    *, now: datetime, market: str | None = None, channel: str = "online"
) -> dict[int, PublicArm]:
    """Return what running experiments with public prices make of each of their variants now.

    Of one place, or of all. A book of public prices multiplies by `price_factor`, which is never
    above 1; in the washed-out days of a turn too: they are only not counted. One query if none
    runs, three if any does.
    """
    rows = _running_cells().prefetch_related("arms", "items")
    found: dict[int, PublicArm] = {}
    for row in rows:
        if market is not None and not _is_meant(row, market, channel):
            continue
        arms = {arm.is_control: arm for arm in row.arms.all()}
        turn, _is_washed = find_turn(_days(row, now), row.period_days, row.wash_out_days)
        for item in row.items.all():
            is_control = not is_treated(row.salt, item.cluster, turn)
            arm, other = arms[is_control], arms[not is_control]
            found[item.variant_id] = PublicArm(
                experiment_id=row.pk,
                arm=arm.code,
                turn=turn,
                price_factor=min(1.0, arm.price_factor),
                is_control=arm.is_control,
                other_factor=min(1.0, other.price_factor),
                cluster=item.cluster,
            )
    return found


def find_next_turn(*, now: datetime) -> datetime | None:
    """Return when the next turn of any running experiment with public prices begins. One query."""
    begins = []
    for row in _running_cells():
        turn = _days(row, now) // row.period_days + 1
        if row.started_at is not None:
            begins.append(row.started_at + timedelta(days=turn * row.period_days))
    return min(begins, default=None)


def _running_cells() -> QuerySet[Experiment]:
    return Experiment.objects.filter(state=Experiment.State.RUNNING, unit=Experiment.Unit.CLUSTER)


def _is_meant(row: Experiment, market: str, channel: str) -> bool:
    asked = row.targeting
    return market in (asked.get("markets") or [market]) and channel in (
        asked.get("channels") or [channel]
    )


@dataclass(frozen=True, slots=True)
class CellPeriod:
    """The products of an experiment by cluster, and its turns that are over.

    A turn of `period_days` counts from its day `wash_out_days` on. `until` is when nothing counts
    any more, `targeting` which places do.
    """

    experiment_id: int
    items: Mapping[int, int]
    start: datetime
    until: datetime
    turns: int
    period_days: int
    wash_out_days: int
    targeting: Mapping[str, Any]

    @property
    def clusters(self) -> int:
        """How many clusters there are."""
        return max(self.items.values(), default=-1) + 1


@dataclass(frozen=True, slots=True)
class Cells:
    """What clusters earned: `outcome` (c, t) a counted day of each turn, `level` (c,) a day before
    the start, `treated` (c, t) who was cheaper when, `between` (c, c) how they hang together."""

    outcome: FloatArray
    level: FloatArray
    treated: BoolArray
    between: FloatArray


def load_period(row: Experiment, *, now: datetime) -> CellPeriod:
    """Return the products and the turns that are over, as they were registered. One query."""
    kept = row.registration
    until = now if row.stopped_at is None else min(now, row.stopped_at)
    return CellPeriod(
        experiment_id=row.pk,
        items=dict(
            ExperimentItem.objects.filter(experiment=row).values_list("variant_id", "cluster")
        ),
        start=row.started_at or until,
        until=row.stopped_at or datetime.max.replace(tzinfo=UTC),
        turns=_days(row, until) // kept["period_days"],
        period_days=kept["period_days"],
        wash_out_days=kept["wash_out_days"],
        targeting=kept["targeting"],
    )


def load_cells(row: Experiment, period: CellPeriod) -> Cells:
    """Return the cells of an experiment so far: only turns that are over count. Two queries.

    The primary metric says whether pieces, sales or margin; places it is not for do not count.
    """
    outcome, level = load_amounts(period, AMOUNTS[row.registration["primary_metric"]])
    drawn = draw_cells(row.salt, period.clusters, period.turns)
    return Cells(outcome, level, drawn, _read_between(period.items))


def load_amounts(period: CellPeriod, amount: str) -> tuple[FloatArray, FloatArray]:
    """Return an amount of clusters a counted day of each turn, (c, t), and a day before the start,
    (c,). One query."""
    daily = load_daily(
        period.items,
        amount,
        start=period.start,
        until=period.until,
        targeting=period.targeting,
    )
    return sum_turns(daily, period)


def sum_turns(
    daily: Mapping[tuple[int, int], float], period: CellPeriod
) -> tuple[FloatArray, FloatArray]:
    """Return daily amounts by turn, (c, t), and before the start, (c,), a counted day each."""
    outcome, level = np.zeros((period.clusters, period.turns)), np.zeros(period.clusters)
    add_up(daily, outcome, level, period.period_days, period.wash_out_days)
    return outcome, level


def read_switchback(row: Experiment, cells: Cells) -> CellReading:
    """Return the effect of the treatment on the clusters' daily outcome so far. No query."""
    kept = row.registration
    return read_cells(
        cells.outcome,
        cells.level,
        cells.treated,
        cells.between,
        alpha=spend_alpha(kept["alpha"], 1, len(kept["guards"]))[0],
        tuned_for=plan_pairs(row, len(cells.level)),
    )


def plan_pairs(row: Experiment, clusters: int) -> float:
    """Return how many pairs of turns, over all clusters, were planned at the start."""
    kept = row.registration
    return max(2.0, clusters * kept["planned_days"] / kept["period_days"] / 2.0)


def add_up(
    daily: Mapping[tuple[int, int], float],
    outcome: FloatArray,
    level: FloatArray,
    period_days: int,
    wash_out_days: int,
) -> None:
    """Add amounts by cluster and day to the turns they count in, or to the level before."""
    for (cluster, day), amount in daily.items():
        if day < 0:
            level[cluster] += amount / LEVEL_DAYS
            continue
        turn, is_washed = find_turn(day, period_days, wash_out_days)
        if turn < outcome.shape[1] and not is_washed:
            outcome[cluster, turn] += amount / (period_days - wash_out_days)


def _read_between(items: Mapping[int, int]) -> FloatArray:
    variants = np.array(sorted(items), dtype=np.int64)
    first, second, weight = read_pairs(variants, variants)
    cluster = np.array([items[one] for one in variants.tolist()], dtype=np.int64)
    return weigh_between(first, second, weight, cluster)


def load_daily(
    items: Mapping[int, int],
    amount: str,
    *,
    start: datetime,
    until: datetime,
    targeting: Mapping[str, Any],
) -> dict[tuple[int, int], float]:
    """Return what clusters earned by (cluster, day since `start`), from LEVEL_DAYS before it.

    `items` are clusters by variant, `amount` one of AMOUNTS or COUNTS. One query.
    """
    named: dict[str, Any] = {
        "goods": list(items),
        "clusters": list(items.values()),
        "start": start,
        "since": start - timedelta(days=LEVEL_DAYS),
        "until": until,
        "markets": list(targeting.get("markets", ())),
        "channels": list(targeting.get("channels", ())),
    }
    with connection.cursor() as cursor:
        cursor.execute(_DAILY.format(amount=amount), named)
        return {(cluster, day): float(amount) for cluster, day, amount in cursor.fetchall()}


def _days(row: Experiment, now: datetime) -> int:
    return 0 if row.started_at is None else (now - row.started_at) // timedelta(days=1)


# How many products categories that are joined may hold together.
MOST_GOODS = 40


def propose_clusters(variant_ids: IntArray, most: int = MOST_GOODS) -> IntArray:
    """Return the cluster of each variant, (n,): the products of a category stay together, and what
    is bought by the same shoppers joins categories, up to `most` products.

    One query for the similarity model if it is not in memory, catalogue aside.
    """
    first, second, weight = read_pairs(variant_ids, variant_ids)
    return cluster_items(first, second, weight, find_kin(variant_ids), most)


def find_kin(variant_ids: IntArray) -> IntArray:
    """Return the category of each variant, (n,); what is not sold is kin to nothing."""
    products = load_variant_arrays()
    kin = -np.asarray(variant_ids, dtype=np.int64) - 1
    if len(products.variant_id):
        at = np.minimum(
            np.searchsorted(products.variant_id, variant_ids), len(products.variant_id) - 1
        )
        kin = np.where(products.variant_id[at] == variant_ids, products.category_id[at], kin)
    return kin


def read_pairs(variant_ids: IntArray, others: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Return which of some variants suggest which others, by place in both, and how strongly."""
    model = get_similarity_model()
    mine = {one: at for at, one in enumerate(variant_ids.tolist())}
    theirs = {one: at for at, one in enumerate(others.tolist())}
    pairs = []
    if model is not None:
        known = model.variant_id.tolist()
        for row, variant in enumerate(known):
            if variant not in mine:
                continue
            near = zip(model.neighbor[row].tolist(), model.weight[row].tolist(), strict=True)
            pairs += [
                (mine[variant], theirs[known[at]], value)
                for at, value in near
                if value > 0.0 and known[at] in theirs
            ]
    found = np.array(pairs, dtype=np.float64).reshape(-1, 3)
    return found[:, 0].astype(np.int64), found[:, 1].astype(np.int64), found[:, 2]
