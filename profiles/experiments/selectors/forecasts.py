"""Forecast of an experiment's precision from recent sales of its products."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from profiles.experiments.core import Foresight, foresee_cells, spend_alpha
from profiles.experiments.core.sequences import IntArray
from profiles.experiments.selectors.cells import AMOUNTS, add_up, load_daily
from profiles.experiments.selectors.clusters import propose_clusters

# So many past days stand for the turns to come, two turns at least.
PAST_DAYS = 28
# What an experiment with public prices may err, guards included.
ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class CellPlan:
    """How the goods of an experiment with public prices would be read."""

    metric: str
    period_days: int
    wash_out_days: int
    turns: int
    effect: float
    targeting: Mapping[str, Any]
    guards: int = 0


@dataclass(frozen=True, slots=True)
class CellForecast:
    """The clusters of the goods, and what the plan will see of them."""

    goods: int
    clusters: int
    largest: int
    foresight: Foresight


def forecast_cells(variant_ids: IntArray, plan: CellPlan, now: datetime) -> CellForecast:
    """Return the clusters of goods and what a plan sees, by their last weeks. Two queries."""
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
