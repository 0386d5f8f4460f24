"""Guards and balance of experiments with public prices, read from sums. Nobody is named."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import numpy as np

from profiles.experiments.core.assignment import ServedReading, check_served
from profiles.experiments.core.estimates import spend_alpha
from profiles.experiments.core.metrics import CellColumn, CellGuard, list_columns, read_cell_guards
from profiles.experiments.core.sequences import FloatArray, IntArray
from profiles.experiments.core.switchback import BoolArray
from profiles.experiments.models import Experiment
from profiles.experiments.selectors.cells import (
    AMOUNTS,
    COUNTS,
    CellPeriod,
    load_amounts,
    load_daily,
    plan_pairs,
    read_pairs,
    sum_turns,
)
from profiles.experiments.selectors.experiments import Served
from profiles.recommend.api import get_similarity_model
from shop.ground.inventory.selectors import load_sold_out_hours

_AMOUNTS = {
    "revenue": AMOUNTS["revenue_per_shopper"],
    "margin": AMOUNTS["margin_per_shopper"],
    "units": AMOUNTS["units_per_shopper"],
    **COUNTS,
}


def read_guards(
    row: Experiment, period: CellPeriod, treated: BoolArray, served: Served | None
) -> tuple[CellGuard, ...]:
    """Return the registered guards so far. A query for each column they need."""
    kept = row.registration
    guards: dict[str, float] = kept["guards"]
    if not guards:
        return ()
    return read_cell_guards(
        guards,
        {name: _load_column(name, period, served) for name in sorted(list_columns([*guards]))},
        treated,
        alpha=spend_alpha(kept["alpha"], 1, len(guards))[1],
        tuned_for=plan_pairs(row, period.clusters),
    )


def read_balance(
    row: Experiment, period: CellPeriod, treated: BoolArray, served: Served | None
) -> ServedReading | None:
    """Return whether turns were served as drawn; None if nobody knows. No query."""
    if served is None:
        return None
    products = np.bincount(np.fromiter(period.items.values(), dtype=np.int64))
    hours = 24.0 * (period.period_days - period.wash_out_days) * max(1, served.places)
    return check_served(
        treated,
        np.repeat(hours * products.astype(np.float64)[:, None], period.turns, axis=1),
        served.hours,
        _count_impressions(period, served),
        tuned_for=plan_pairs(row, period.clusters),
    )


def _load_column(name: str, period: CellPeriod, served: Served | None) -> CellColumn:
    if name == "looks":
        return _count_impressions(period, served)
    if name == "neighbor_revenue":
        return _load_neighbors(period)
    if name in ("hours", "hours_sold_out"):
        return _load_hours(period, name == "hours_sold_out")
    return CellColumn(*load_amounts(period, _AMOUNTS[name]))


def _count_impressions(period: CellPeriod, served: Served | None) -> CellColumn:
    """Return the impressions; their level is the mean over both arms, because a young shop counted
    none before."""
    daily = {} if served is None else served.looks
    turns, _before = sum_turns(daily, period)
    return CellColumn(turns, turns.mean(axis=1) if period.turns else np.zeros(period.clusters))


def _load_hours(period: CellPeriod, is_sold_out: bool) -> CellColumn:
    products = np.bincount(np.fromiter(period.items.values(), dtype=np.int64)).astype(np.float64)
    if not is_sold_out:
        return CellColumn(
            np.repeat(24.0 * products[:, None], period.turns, axis=1), 24.0 * products
        )
    until = period.start + timedelta(days=period.turns * period.period_days)
    daily: dict[tuple[int, int], float] = {}
    for (variant, day), hours in load_sold_out_hours(
        [*period.items], start=period.start, until=until
    ).items():
        key = (period.items[variant], day)
        daily[key] = daily.get(key, 0.0) + hours
    return CellColumn(*sum_turns(daily, period))


def _load_neighbors(period: CellPeriod) -> CellColumn:
    """Return the sales of products beside the experiment that go with those of each cluster.

    What goes with products of several clusters counts for each by how strongly it does.
    """
    mine, near, weight = _read_beside(period.items)
    beside = np.unique(near)
    daily = load_daily(
        {one: at for at, one in enumerate(beside.tolist())},
        AMOUNTS["revenue_per_shopper"],
        start=period.start,
        until=period.until,
        targeting=period.targeting,
    )
    at = np.searchsorted(beside, near)
    total = np.bincount(at, weight, len(beside))
    parts: dict[int, list[tuple[int, float]]] = {}
    for good, cluster, part in zip(at.tolist(), mine.tolist(), weight / total[at], strict=True):
        parts.setdefault(good, []).append((cluster, float(part)))
    sums: dict[tuple[int, int], float] = {}
    for (good, day), amount in daily.items():
        for cluster, part in parts[good]:
            sums[cluster, day] = sums.get((cluster, day), 0.0) + part * amount
    return CellColumn(*sum_turns(sums, period))


def _read_beside(items: Mapping[int, int]) -> tuple[IntArray, IntArray, FloatArray]:
    """Return clusters, ids of other products that go with theirs, and how strongly."""
    model = get_similarity_model()
    variants = np.array(sorted(items), dtype=np.int64)
    known = np.zeros(0, dtype=np.int64) if model is None else model.variant_id
    others = np.setdiff1d(known, variants)
    first, second, weight = read_pairs(variants, others)
    cluster = np.array([items[one] for one in variants.tolist()], dtype=np.int64)
    return cluster[first], others[second], weight
