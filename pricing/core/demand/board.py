"""The leaderboard of one training run: every family on the best-sold items, with a verdict each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pricing.core.demand.families import CHAMPION, make_families
from pricing.core.demand.leaderboard import ShockEvidence, compare, judge
from pricing.core.demand.served import ServedDemand
from pricing.core.demand.training_cells import (
    TrainingCells,
    best_sold,
    name_features,
    tabulate,
)

# As many items as all families can learn twice within some ten seconds.
BOARD_ITEMS = 150
MIN_BOARD_ITEMS = 50


def build_board(
    cells: TrainingCells,
    evidence: ShockEvidence | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[dict[str, Any]]:
    """Return one row per family: its figures, whether it may take the slot, and why not.

    Empty if there are too few items or weeks to compare anything.
    """
    item = best_sold(cells, BOARD_ITEMS)
    if len(item) < MIN_BOARD_ITEMS:
        return []
    frame = tabulate(cells, item)
    board = compare(
        make_families(name_features(cells)), frame, evidence=evidence, progress=progress
    )
    champion = next((one for one in board if one.name == CHAMPION), None)
    if champion is None:
        return []
    rows = []
    for one in board:
        verdict = judge(one, champion)
        rows.append(
            {name: _short(value) for name, value in one.as_numbers().items()}
            | {
                "is_champion": one.name == CHAMPION,
                "may_take": verdict.may_take and one.name != CHAMPION,
                "reasons": [] if one.name == CHAMPION else list(verdict.reasons),
            }
        )
    return rows


def elasticity_by_department(
    cells: TrainingCells, served: ServedDemand
) -> list[dict[str, float | int]]:
    """Return the sales-weighted mean elasticity (negative) of each department with a 90 % interval.

    The interval holds the posterior of the items; what they share through their families makes it
    wider than independent items would: half the variance is taken as shared.
    """
    rows: list[dict[str, float | int]] = []
    weight = cells.units.sum(axis=1)
    for number, department in enumerate(cells.department_id.tolist()):
        own = cells.department == number
        total = weight[own].sum()
        if not total:
            continue
        share = weight[own] / total
        sd = served.elasticity_sd[own]
        variance = 0.5 * float(share**2 @ sd**2) + 0.5 * float(share @ sd) ** 2
        mean = -float(share @ served.elasticity[own])
        half = 1.645 * float(np.sqrt(variance))
        rows.append(
            {
                "department_id": int(department),
                "items": int(own.sum()),
                "elasticity": round(mean, 4),
                "low": round(mean - half, 4),
                "high": round(min(mean + half, 0.0), 4),
                "causal_share": round(float(share @ served.is_causal[own]), 4),
            }
        )
    return rows


def _short(value: Any) -> Any:
    return round(value, 5) if isinstance(value, float) else value
