"""Let randomised weeks correct the elasticities that are served, item by item."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pricing.core.arrays import FloatArray
from pricing.core.demand.causal import FEWEST_WEEKS, residualized_elasticity
from pricing.core.demand.debias import CausalElasticities, count_randomized, shock_debias
from pricing.core.demand.frames import Coding
from pricing.core.demand.leaderboard import ShockEvidence
from pricing.core.demand.served import ServedDemand
from pricing.core.demand.training_cells import (
    TrainingCells,
    name_features,
    tabulate,
    usual_exposures,
)

# Logs of smaller counts are too curved: such items keep their observational elasticity.
MIN_WEEKLY_UNITS = 3.0
CONTROLS = ("season_sin", "season_cos", "trend", "last_price", "last_sales")


@dataclass(frozen=True, slots=True)
class Shocked:
    """A served model with randomised evidence in it, the evidence, and figures about it."""

    served: ServedDemand
    evidence: ShockEvidence | None
    metrics: dict[str, Any]


def use_shocks(cells: TrainingCells, served: ServedDemand) -> Shocked:
    """Replace elasticities where randomised prices identify them; the rest stay observational.

    An item takes the de-biased elasticity if its family has enough randomised item-weeks and it
    sells MIN_WEEKLY_UNITS a week. Without any shock nothing changes.
    """
    none = Shocked(served, None, {"causal_share": 0.0, "randomized_weeks": 0})
    if cells.shock is None or not cells.shock.any():
        return none
    on_sale = np.maximum(cells.on_sale.sum(axis=1), 1.0)
    busy = np.flatnonzero((cells.units * cells.on_sale).sum(axis=1) / on_sale >= MIN_WEEKLY_UNITS)
    if len(busy) < 2:
        return none
    frame = _frame(cells, busy)
    if len(np.unique(frame["week"])) < FEWEST_WEEKS:
        return none
    pairs = residualized_elasticity(frame, controls=(*name_features(cells), *CONTROLS))
    found = shock_debias(pairs)
    metrics = {
        "randomized_weeks": int(count_randomized(pairs).sum()),
        "shock_bias_median": round(float(np.median(found.bias)), 4),
    }
    if not found.is_randomized.any():
        return Shocked(served, None, none.metrics | metrics)
    corrected = _replace(served, found)
    metrics["causal_share"] = float(np.mean(corrected.is_causal))
    backed = found.is_randomized
    evidence = ShockEvidence(found.items[backed], found.elasticity[backed])
    return Shocked(corrected, evidence, metrics)


def _replace(served: ServedDemand, found: CausalElasticities) -> ServedDemand:
    at = Coding(found.items).encode(served.variant_id)
    takes = (at >= 0) & found.is_randomized[np.maximum(at, 0)]
    return replace(
        served,
        elasticity=np.where(takes, -found.elasticity[at], served.elasticity),
        elasticity_sd=np.where(takes, found.sd[at], served.elasticity_sd),
        is_causal=takes,
    )


def _frame(cells: TrainingCells, item: Any) -> dict[str, Any]:
    """Return item-weeks with logs and controls; each item's first week has no week before it."""
    frame = tabulate(cells, item)
    whole_weeks = frame["purchases"] * usual_exposures(cells) / frame["exposures"]
    log_sales, log_price = np.log(whole_weeks + 0.5), np.log(frame["price"])
    is_first = np.ones(len(log_sales), dtype=np.bool_)
    is_first[1:] = frame["item"][1:] != frame["item"][:-1]
    turn = 2.0 * np.pi * cells.week_of_year[frame["week"].astype(np.int64)] / 52.0
    columns: dict[str, Any] = frame | {
        "log_sales": log_sales,
        "log_price": log_price,
        "season_sin": np.sin(turn),
        "season_cos": np.cos(turn),
        "trend": frame["week"] / cells.units.shape[1],
        "last_price": _before(log_price),
        "last_sales": _before(log_sales),
    }
    return {name: values[~is_first] for name, values in columns.items()}


def _before(values: FloatArray) -> FloatArray:
    shifted = np.empty_like(values)
    shifted[0], shifted[1:] = values[0], values[:-1]
    return shifted
