"""The settings of demand are tuned, and shoppers are compared."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime

import numpy as np
from django.db import transaction

from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.core.household_response import PLANTED, PRICE, Timings, judge_households
from pricing.demand.core.training import (
    SPACE,
    SettingResult,
    Trained,
    can_tune,
    choose_settings,
    draw_settings,
    try_settings,
)
from pricing.demand.core.training_cells import TrainingCells, best_sold, take_items
from pricing.demand.models.tuning import DemandTuning
from pricing.demand.selectors.training import Window, load_training_cells
from pricing.demand.selectors.training_shoppers import HOUSEHOLDS, load_timings
from pricing.demand.selectors.versions import TuningRow, tuning_row
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.hashing import fingerprint


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


# Settings are shared by all items, so the best sold tell enough, and a trial takes seconds.
MOST_ITEMS = 1_500
MOST_TRIALS = 60
SEED = 20_261_126

Tell = Callable[[SettingResult, int], None]


class TooLittleHistory(ValueError):
    """There are too few weeks or products to tell settings apart."""


def tune_demand(
    *,
    as_of: datetime,
    budget_seconds: float,
    seed: int = SEED,
    most_trials: int = MOST_TRIALS,
    weeks: int = 53,
    market: str = "us",
    channel: str = "online",
    tell: Tell | None = None,
) -> TuningRow:
    """Try settings until the budget is spent or `most_trials` are done; return the search.

    A search over the same cells with the same seed goes on where it was cut off: every trial is
    stored at once, with what is chosen so far. At least one trial is made. `tell` hears of each
    trial and how many there will be. Raises TooLittleHistory.
    """
    started = time.monotonic()
    cells, window = load_training_cells(as_of=as_of, weeks=weeks, place=(market, channel))
    cells = take_items(cells, best_sold(cells, MOST_ITEMS))
    if not can_tune(cells):
        raise TooLittleHistory("There are too few weeks of sales to tune the demand model.")
    row = _open(cells, window, seed)
    usual: FloatArray | None = None
    while len(row.trials) < most_trials:
        number = len(row.trials)
        begun = time.monotonic()
        if number and usual is None:
            _, usual = try_settings(cells, 0, draw_settings(seed, 0), None)
        trial, deviance = try_settings(cells, number, draw_settings(seed, number), usual)
        usual = deviance if number == 0 else usual
        row = note_trial(row.pk, trial, time.monotonic() - begun)
        if tell is not None:
            tell(trial, most_trials)
        if time.monotonic() - started >= budget_seconds:
            break
    return tuning_row(row)


def _open(cells: TrainingCells, window: Window, seed: int) -> DemandTuning:
    """Return the search over these cells, a new one if there is none."""
    now = utc_now()
    key = fingerprint(
        {
            "seed": seed,
            "space": {name: list(bounds) for name, bounds in SPACE.items()},
            "items": cells.variant_id.tolist(),
            "weeks": [str(window.start_date), str(window.end_date)],
            "units": float(cells.units.sum()),
            "prices": round(float(np.log(cells.price_minor).sum()), 6),
        }
    )
    row, _ = DemandTuning.objects.get_or_create(
        fingerprint=key,
        defaults={
            "seed": seed,
            "window_start": window.start_date,
            "window_end": window.end_date,
            "started_at": now,
            "updated_at": now,
        },
    )
    return row


def note_trial(search: int, trial: SettingResult, seconds: float) -> DemandTuning:
    """Store a trial and what is chosen now; a second searcher's same trial is stored once."""
    with transaction.atomic():
        row = DemandTuning.objects.select_for_update().get(pk=search)
        if len(row.trials) == trial.number:
            row.trials = [*row.trials, trial.as_numbers()]
            row.chosen = asdict(choose_settings([SettingResult.read(one) for one in row.trials]))
            row.updated_at = utc_now()
            row.seconds += seconds
            row.save(update_fields=["trials", "chosen", "updated_at", "seconds"])
    return row
