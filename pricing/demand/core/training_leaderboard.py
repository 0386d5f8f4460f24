"""The leaderboard of one training run: every family on the best-sold items, with a verdict each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pricing.demand.core.families import CHAMPION, make_families
from pricing.demand.core.leaderboard import Standing, compare, judge
from pricing.demand.core.served import ServedDemand
from pricing.demand.core.slopes import Shown
from pricing.demand.core.training_cells import TrainingCells, best_sold, name_features, tabulate

# As many items as all families can learn twice within some ten seconds.
BOARD_ITEMS = 150
MIN_BOARD_ITEMS = 50
NOT_COMPARED = "too few goods or weeks to compare models"


def build_board(
    cells: TrainingCells,
    shown: Shown | None = None,
    progress: Callable[[str], None] | None = None,
    *,
    holder: str = CHAMPION,
) -> list[dict[str, Any]]:
    """Return one row per family: its figures, whether it may take the slot, and why not.

    Elasticities are judged by drawn prices among what was `shown`. The slot is the `holder`'s.
    Empty if there are too few items or weeks to compare anything.
    """
    item = best_sold(cells, BOARD_ITEMS)
    if len(item) < MIN_BOARD_ITEMS:
        return []
    features = name_features(cells)
    frame, models = tabulate(cells, item), make_families(features)
    board = compare(models, frame, holder=holder, shown=shown, progress=progress)
    return [_describe(one, is_holder=one.name == holder) for one in board]


def _describe(one: Standing, *, is_holder: bool) -> dict[str, Any]:
    verdict = judge(one)
    return {name: _short(value) for name, value in one.as_numbers().items()} | {
        "is_champion": is_holder,
        "may_take": verdict.may_take and not is_holder,
        "reasons": [] if is_holder else list(verdict.reasons),
    }


def ask_board(board: Sequence[Mapping[str, Any]], family: str, holder: str) -> dict[str, Any]:
    """Return whether `family` may stand in the slot after `holder`, and each reason against it.

    >>> ask_board([], "trees", "pooled_poisson")["reasons"]
    ['too few goods or weeks to compare models']
    >>> ask_board([], "trees", "trees")["may_take"]
    True
    """
    row = next((one for one in board if one["name"] == family), None)
    if family == holder:
        verdict: dict[str, Any] = {"may_take": True, "reasons": []}
    elif row is None:
        verdict = {"may_take": False, "reasons": [NOT_COMPARED]}
    else:
        verdict = {"may_take": row["may_take"], "reasons": row["reasons"]}
    return verdict | {"holder": holder}


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
            }
        )
    return rows


def _short(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return round(value, 5) if np.isfinite(value) else None
