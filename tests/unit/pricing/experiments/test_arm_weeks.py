"""Turns of experiments in weekly prices: they begin at any hour."""

from __future__ import annotations

import numpy as np
import pytest

from pricing.experiments.core import ArmPeriods, shift_weeks

DAY = 86_400.0
EDGES = np.array([0.0, 7.0, 14.0, 21.0]) * DAY
MIDDLE = ((EDGES[:-1] + EDGES[1:]) / 2.0).astype(np.int64)
HALF = np.log(400 / 380) / 2.0


def spells_of(*rows: tuple[int, float, float, bool]) -> ArmPeriods:
    """Treatment periods (item, first day, last day, is cheaper) of products at 4.00 or 3.80."""
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    low = table[:, 3] > 0
    return ArmPeriods(
        variant_id=table[:, 0].astype(np.int64),
        begin=table[:, 1] * DAY,
        end=table[:, 2] * DAY,
        shown_minor=np.where(low, 380.0, 400.0),
        other_minor=np.where(low, 400.0, 380.0),
    )


def test_a_turn_within_a_week_counts_for_its_days() -> None:
    spells = spells_of((0, 5, 12, True), (0, 12, 19, False))
    shift = shift_weeks(spells, spells.variant_id, 1, EDGES, MIDDLE)
    # The price is read in the middle: at 4.00, 3.80, 4.00.
    assert shift[0] == pytest.approx(2 * HALF * np.array([-2 / 7, 2 / 7, 0.0]))


def test_whole_weeks_are_read_as_they_were() -> None:
    spells = spells_of((0, 0, 7, True), (0, 7, 14, False), (1, 0, 7, False))
    assert not shift_weeks(spells, spells.variant_id, 2, EDGES, MIDDLE).any()
