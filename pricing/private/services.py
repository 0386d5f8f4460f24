"""Releases with noise are made, and demand is trained on them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import F
from numpy.typing import NDArray

from pricing.base.core.values import FloatArray, IntArray
from pricing.base.services import add_noise, find_noise_sd
from pricing.demand.core.training_cells import TrainingCells
from pricing.demand.selectors.training import Window, find_positions
from pricing.private.core import (
    Contributions,
    PrivacyTerms,
    bound_contributions,
    choose_measured,
    count_cells,
    measure_cost,
    reach,
)
from pricing.private.models.private import PrivacyBudget, PrivateRelease
from pricing.private.selectors import (
    DATA_SET,
    PrivateCells,
    find_measured,
    load_private_cells,
    released_until,
)
from profiles.events.api import PurchaseWeeks, load_purchase_weeks, start_of_week
from shop.ground.catalog.selectors import load_variant_arrays
from shop.ground.kernel.arrays import hash_arrays, pack_arrays
from shop.ground.kernel.errors import FairtagError

WEEK = timedelta(weeks=1)
Purpose = PrivateRelease.Purpose


class BudgetSpent(FairtagError):
    """A quarter's households have lost as much privacy as they may."""

    code = "budget_spent"


@dataclass(frozen=True, slots=True)
class Span:
    """Whole weeks of one quarter: its first day, the first Monday and the one after the last."""

    quarter: date
    first: date
    end: date

    @property
    def weeks(self) -> int:
        """How many weeks these are."""
        return (self.end - self.first).days // 7


def release_purchases(*, as_of: datetime, weeks: int, terms: PrivacyTerms) -> list[str]:
    """Release what of the `weeks` whole weeks before `as_of` was not released yet.

    A week belongs to the quarter its Monday lies in. Each quarter is one transaction and spends
    epsilon and delta of its budget for all its new weeks together. Returns why quarters were left
    out, a sentence each: their budget is spent.
    """
    end = start_of_week(as_of).date()
    refused = []
    for span in find_spans(end - weeks * WEEK, end):
        try:
            with transaction.atomic():
                _release(span, terms, as_of)
        except BudgetSpent as error:
            refused.append(str(error))
    return refused


def find_spans(first: date, end: date) -> list[Span]:
    """Return the whole weeks between two Mondays by quarter, those with most weeks first.

    >>> spans = find_spans(date(2026, 6, 15), date(2026, 7, 27))
    >>> [(span.quarter.month, span.weeks) for span in spans]
    [(7, 3), (4, 3)]
    """
    mondays = [first + number * WEEK for number in range((end - first).days // 7)]
    by_quarter: dict[date, list[date]] = {}
    for monday in mondays:
        by_quarter.setdefault(_quarter(monday), []).append(monday)
    spans = [Span(one, days[0], days[-1] + WEEK) for one, days in by_quarter.items()]
    return sorted(spans, key=lambda span: (-span.weeks, -span.quarter.toordinal()))


def spend_budget(*, budget_id: int, epsilon: float, delta: float) -> None:
    """Add a loss to a quarter's budget, in the caller's transaction. Raises BudgetSpent.

    One conditional UPDATE: of two that spend at once the second sees what the first has spent.
    """
    rows = PrivacyBudget.objects.filter(
        pk=budget_id,
        epsilon_cap__gte=F("epsilon_spent") + (epsilon - 1e-9),
        delta_cap__gte=F("delta_spent") + delta * (1 - 1e-6),
    )
    spent = rows.update(
        epsilon_spent=F("epsilon_spent") + epsilon, delta_spent=F("delta_spent") + delta
    )
    if not spent:
        budget = PrivacyBudget.objects.get(pk=budget_id)
        left = max(0.0, budget.epsilon_cap - budget.epsilon_spent)
        raise BudgetSpent(
            f"The quarter from {budget.quarter} has epsilon {left:.2f} left of"
            f" {budget.epsilon_cap:.2f}, {epsilon:.2f} is needed: its newer weeks stay out."
        )


def open_budget(quarter: date) -> PrivacyBudget:
    """Return the budget of a quarter, made with the caps of the settings if it is new."""
    budget, _ = PrivacyBudget.objects.get_or_create(
        data_set=DATA_SET,
        quarter=quarter,
        defaults={
            "epsilon_cap": settings.PRIVACY_EPSILON_CAP,
            "delta_cap": settings.PRIVACY_DELTA_CAP,
        },
    )
    return budget


@dataclass(frozen=True, slots=True)
class _Task:
    """What one release is made under."""

    budget: PrivacyBudget
    span: Span
    terms: PrivacyTerms
    now: datetime


def _release(span: Span, terms: PrivacyTerms, now: datetime) -> None:
    budget = open_budget(span.quarter)
    # One at a time per quarter: which weeks are new is decided under this lock.
    PrivacyBudget.objects.select_for_update().get(pk=budget.pk)
    known_until = released_until(budget.pk)
    span = Span(span.quarter, max(span.first, known_until or span.first), span.end)
    if span.weeks <= 0:
        return
    spend_budget(budget_id=budget.pk, epsilon=terms.epsilon, delta=terms.delta)
    task = _Task(budget, span, terms, now)
    bought = load_purchase_weeks(span.first, span.end)
    measured, share = find_measured(), 1.0
    if measured is None:
        measured, share = _select(task, bought), 1.0 - terms.selection_share
    rows = _contributions(bought, measured, span)
    kept = bound_contributions(rows, terms.most_cells, _rng())
    counts = count_cells(kept, len(measured), span.weeks)
    noisy, sd = _draw(counts, terms, share, terms.most_cells)
    _store(task, Purpose.CELLS, share, sd, {"variant_id": measured, "noisy": noisy})


def _select(task: _Task, bought: PurchaseWeeks) -> IntArray:
    """Choose what to measure from noisy counts of households per active variant."""
    terms, share = task.terms, task.terms.selection_share
    variant_id = load_variant_arrays().variant_id
    rows = _contributions(bought, variant_id, task.span)
    pairs = np.unique(np.stack([rows.household, rows.item], axis=1), axis=0).reshape(-1, 2)
    once = Contributions(pairs[:, 0], pairs[:, 1], np.zeros(len(pairs), dtype=np.int64))
    kept = bound_contributions(once, terms.most_choices, _rng())
    counts = count_cells(kept, len(variant_id), 1)
    noisy, sd = _draw(counts, terms, share, terms.most_choices)
    chosen = choose_measured(noisy[:, 0], sd, terms.most_items)
    arrays = {"variant_id": variant_id[chosen], "noisy": noisy[chosen, 0]}
    _store(task, Purpose.SELECTION, share, sd, arrays)
    return arrays["variant_id"]


def _contributions(bought: PurchaseWeeks, variant_id: IntArray, span: Span) -> Contributions:
    item, known = find_positions(variant_id, bought.variant_id)
    week = (bought.week_start - np.datetime64(span.first, "D")) // np.timedelta64(7, "D")
    week = week.astype(np.int64)
    known &= (week >= 0) & (week < span.weeks)
    return Contributions(bought.shopper_id[known], item[known], week[known])


def _draw(
    counts: IntArray, terms: PrivacyTerms, share: float, most: int
) -> tuple[FloatArray, float]:
    if not counts.size:
        return counts.astype(np.float64), 1.0
    return add_noise(
        counts,
        epsilon=terms.epsilon * share,
        delta=terms.delta * share,
        sensitivity=reach(most),
    )


def _store(
    task: _Task, purpose: str, share: float, sd: float, arrays: dict[str, NDArray[Any]]
) -> None:
    PrivateRelease.objects.create(
        budget=task.budget,
        purpose=purpose,
        at=task.now,
        first_week=task.span.first,
        end_week=task.span.end,
        epsilon=task.terms.epsilon * share,
        delta=task.terms.delta * share,
        most_cells=task.terms.most_cells if purpose == Purpose.CELLS else task.terms.most_choices,
        noise_sd=sd,
        arrays=pack_arrays(arrays),
        sha256=hash_arrays(arrays),
    )


def _quarter(day: date) -> date:
    return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)


def _rng() -> np.random.Generator:
    """A generator nobody can repeat: which rows of a household count must stay unknown."""
    return np.random.default_rng(secrets.randbits(128))


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
