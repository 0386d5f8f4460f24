"""Learn from who bought what: whether shoppers' own price response is real."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from pricing.base.core.values import IntArray
from pricing.demand.core.household_response import PLANTED, PRICE, Timings, judge_households
from pricing.demand.core.training import Trained
from pricing.demand.core.training_cells import TrainingCells
from pricing.demand.selectors.households import HOUSEHOLDS
from pricing.demand.selectors.training import Window
from pricing.demand.selectors.training_shoppers import load_timings


def fit_shoppers(
    trained: Trained, cells: TrainingCells, window: Window, as_of: datetime, market: str
) -> Trained:
    """Return the model with its figures of shoppers' own price response, and with the weight of
    deals where that is real, as far as there is history for it."""
    if not len(trained.served.variant_id):
        return trained
    scale = trained.served.weights.deals_scale
    found = load_timings(cells=cells, window=window, as_of=as_of, scale=scale, market=market)
    return trained if found is None else _judge_households(trained, *found)


def _judge_households(trained: Trained, timings: Timings, item: IntArray) -> Trained:
    """Say whether shoppers' own price response is real; if it is, offers weigh what was learned."""
    elasticity = trained.served.elasticity[item]
    moves = timings.moves.copy()
    moves[:, :, PRICE] *= elasticity[:, None]
    verdict = judge_households(replace(timings, moves=moves))
    figures = verdict.as_numbers() | {"planted": PLANTED}
    metrics = trained.metrics | {HOUSEHOLDS: figures}
    if not verdict.is_real:
        return replace(trained, metrics=metrics)
    weights = replace(trained.served.weights, deals=verdict.weight)
    return replace(trained, served=replace(trained.served, weights=weights), metrics=metrics)
