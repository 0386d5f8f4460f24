"""Learn demand from private releases only, and say what the noise costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.conf import settings

from pricing.base.services.noise import find_noise_sd
from pricing.demand.core.training_cells import TrainingCells
from pricing.demand.selectors.training import Window
from pricing.private.core.privacy_cost import measure_cost
from pricing.private.core.private_cells import PrivacyTerms, reach
from pricing.private.selectors.private_cells import PrivateCells, load_private_cells
from pricing.private.services.private_release import release_purchases

# The epsilons the cost is stated for, beside none at all.
STATED = (3.0, 1.0)
LEAST_ITEMS = 10


@dataclass(frozen=True, slots=True)
class PrivateTraining:
    """Cells to train on, and the figures `privacy` of the model version."""

    cells: TrainingCells
    window: Window
    figures: dict[str, Any]


def take_private_cells(
    *, as_of: datetime, weeks: int, place: tuple[str, str], epsilon: float
) -> PrivateTraining:
    """Release what is new at `epsilon` a quarter, and return cells of all releases.

    Raises ValueError for an epsilon that promises nothing. A quarter whose budget is spent keeps
    what it has; why is in the figures.
    """
    terms = PrivacyTerms(epsilon=epsilon, delta=settings.PRIVACY_DELTA)
    refused = release_purchases(as_of=as_of, weeks=weeks, terms=terms)
    found = load_private_cells(as_of=as_of, weeks=weeks, place=place)
    figures = {
        "epsilon": found.epsilon,
        "delta": found.delta,
        "unit": "household and quarter",
        "noise_sd": found.noise_sd,
        "most_cells": found.most_cells,
        "measured_items": found.measured,
        "clear_items": len(found.cells.variant_id),
        "released_weeks": found.weeks,
        "refused": refused,
        "elasticity_error": _state_cost(found, terms),
    }
    return PrivateTraining(found.cells, found.window, figures)


def _state_cost(found: PrivateCells, terms: PrivacyTerms) -> dict[str, dict[str, float | int]]:
    """Return error and number of items by epsilon ("inf", "3", "1"), on simulated sales."""
    if len(found.cells.variant_id) < LEAST_ITEMS:
        return {}
    sensitivity = reach(terms.most_cells)
    noise = {"inf": 0.0} | {
        f"{one:g}": find_noise_sd(epsilon=one, delta=terms.delta, sensitivity=sensitivity)
        for one in STATED
    }
    costs = measure_cost(found.cells, noise, noise_inside=found.noise_sd, random_state=1)
    return {
        name: {"items": cost.items} | ({"error": cost.error} if np.isfinite(cost.error) else {})
        for name, cost in costs.items()
    }
