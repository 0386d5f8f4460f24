"""Comparison of families and solvers: quality, time and convergence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pricing.demand.core.families import ANY, CHALLENGERS, MOST_STEPS, SOLVERS_OF, make_family
from pricing.demand.core.kinds.linear import LinearDemand
from pricing.demand.core.leaderboard import score, take
from pricing.demand.core.solvers import SOLVERS
from pricing.demand.core.training_cells import TrainingCells, best_sold, name_features, tabulate
from pricing.demand.core.training_leaderboard import BOARD_ITEMS, MIN_BOARD_ITEMS

LATER_WEEKS = 8
MIN_WEEKS = 3 * LATER_WEEKS
# A descent is watched after so many steps, until it has converged or took so long.
WATCHED_STEPS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
LONGEST_SECONDS = 2.0
CLOSEST = 1e-9

Clock = Callable[[], float]
Progress = Callable[[str], None]


def race_families(
    cells: TrainingCells, clock: Clock, progress: Progress = lambda _what: None
) -> list[dict[str, Any]]:
    """Return one row per family and solver, best deviance of the later weeks first; [] for too few
    goods or weeks.

    All learn the same best-sold items without the last LATER_WEEKS and forecast those. `seconds`
    are those of learning and forecasting; `steps` and `is_converged` are None for a family that
    has no solver of this project's.
    """
    item = best_sold(cells, BOARD_ITEMS)
    weeks = cells.units.shape[1]
    if len(item) < MIN_BOARD_ITEMS or weeks < MIN_WEEKS:
        return []
    frame = tabulate(cells, item)
    is_past = frame["week"] < weeks - LATER_WEEKS
    past, later = take(frame, is_past), take(frame, ~is_past)
    rows = []
    for name in CHALLENGERS:
        for solver in SOLVERS_OF.get(name, ("",)):
            progress(f"{name} {solver}".strip())
            model = make_family(name, name_features(cells), solver=solver)
            started = clock()
            found, _ = score(model, past, later)
            rows.append(
                {
                    "family": name,
                    "solver": solver,
                    "seconds": round(clock() - started, 3),
                    "deviance": round(found["deviance"], 4),
                    "wmape": round(found["wmape"], 4),
                }
                | _end(model)
            )
    return sorted(rows, key=lambda row: float(row["deviance"]))


def _end(model: Any) -> dict[str, Any]:
    solution = getattr(model, "solution_", None)
    if solution is None:
        return {"steps": None, "is_converged": None}
    return {"steps": solution.steps, "is_converged": solution.is_converged}


def watch_descent(cells: TrainingCells, clock: Clock) -> list[dict[str, Any]]:
    """Return for each solver of the linear family how far above the minimum its loss was by time:
    `path` of (seconds, gap per cell). The loss is that of the last fit, the same for all.

    A solver is begun anew for each number of steps, so that watching costs it nothing.
    """
    item = best_sold(cells, BOARD_ITEMS)
    if len(item) < MIN_BOARD_ITEMS:
        return []
    frame = tabulate(cells, item)
    model = LinearDemand(features=name_features(cells)).fit(frame)
    objective = model.objective(model.read_cells(frame))
    tolerance = 1e-9 * max(float(objective.sales.sum()), 1.0)
    paths: dict[str, list[tuple[float, float]]] = {}
    for solver in ANY:
        paths[solver] = []
        for steps in WATCHED_STEPS:
            if steps > MOST_STEPS[solver]:
                break
            started = clock()
            end = SOLVERS[solver](  # type: ignore[index]  # ANY holds keys of SOLVERS only
                objective, objective.mean, tol=tolerance, max_iter=steps
            )
            seconds = clock() - started
            paths[solver].append((seconds, objective.value(end.beta)))
            if end.is_converged or seconds > LONGEST_SECONDS:
                break
    least = min(value for path in paths.values() for _, value in path)
    return [
        {
            "solver": solver,
            "path": [
                (round(seconds, 5), float(np.maximum((value - least) / objective.cells, CLOSEST)))
                for seconds, value in path
            ],
        }
        for solver, path in paths.items()
    ]
