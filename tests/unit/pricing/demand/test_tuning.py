"""Settings are chosen by weeks nobody had seen, and only when surely better than the usual."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.demand.core.training import (
    BLOCK_WEEKS,
    BLOCKS,
    SPACE,
    DemandSettings,
    SettingResult,
    can_tune,
    choose_settings,
    draw_settings,
    try_settings,
)
from pricing.demand.core.training_cells import COLUMNS, TrainingCells, design_cells, take_items

ITEMS, WEEKS = 80, 44
SHORT = DemandSettings(level_half_life=0.7, level_prior=5.0)


def make_cells(seed: int, wander: float) -> TrainingCells:
    """Return a shop whose items' levels take a random walk with this weekly sd."""
    rng = np.random.default_rng(seed)
    level = 3.5 + rng.normal(0, wander, (ITEMS, WEEKS)).cumsum(axis=1)
    log_price = rng.choice([0.0, 0.0, -0.2], (ITEMS, WEEKS))
    return TrainingCells(
        variant_id=np.arange(ITEMS),
        units=rng.poisson(np.exp(level - 2.0 * log_price)).astype(float),
        price_minor=400.0 * np.exp(log_price),
        display=np.zeros((ITEMS, WEEKS)),
        mailer=np.zeros((ITEMS, WEEKS)),
        on_sale=np.ones((ITEMS, WEEKS)),
        family=np.arange(ITEMS) % 4,
        family_id=np.arange(4),
        department=np.zeros(ITEMS, dtype=np.int64),
        department_id=np.array([1]),
        week_of_year=np.arange(WEEKS),
    )


def search(cells: TrainingCells, *settings: DemandSettings) -> list[SettingResult]:
    first, usual = try_settings(cells, 0, DemandSettings(), None)
    others = [
        try_settings(cells, number, own, usual)[0] for number, own in enumerate(settings, start=1)
    ]
    return [first, *others]


def test_wandering_levels_ask_for_a_short_memory() -> None:
    trials = search(make_cells(1, wander=0.3), SHORT)
    assert trials[1].deviance < 0.9 * trials[0].deviance
    assert trials[1].gain == pytest.approx(trials[0].deviance - trials[1].deviance)
    assert choose_settings(trials) == SHORT


def test_steady_levels_keep_the_usual_settings() -> None:
    trials = search(make_cells(2, wander=0.0), SHORT)
    assert trials[0].gain == trials[0].gain_se == 0.0
    assert choose_settings(trials) == DemandSettings()


def test_a_block_is_forecast_from_weeks_before_it_only() -> None:
    cells = make_cells(3, wander=0.1)
    first_block_ends = WEEKS - (BLOCKS - 1) * BLOCK_WEEKS
    altered = cells.units.copy()
    altered[:, first_block_ends:] = 0.0
    off_sale = cells.on_sale.copy()
    off_sale[:, first_block_ends:] = 0.0
    # Later weeks gone from the figures: what is left is the first block, as it was.
    one = try_settings(replace(cells, on_sale=off_sale), 0, DemandSettings(), None)
    two = try_settings(replace(cells, on_sale=off_sale, units=altered), 0, DemandSettings(), None)
    assert one[0] == two[0]
    assert one[1].tolist() == two[1].tolist()


@given(st.integers(0, 2**31), st.integers(1, 500))
def test_draws_follow_from_seed_and_number_within_the_space(seed: int, number: int) -> None:
    drawn = draw_settings(seed, number)
    assert drawn == draw_settings(seed, number)
    for name, (low, high) in SPACE.items():
        assert 0.999 * low <= getattr(drawn, name) <= 1.001 * high


def test_a_trial_survives_storage() -> None:
    trial = SettingResult(3, draw_settings(1, 3), 2.5, 0.4, 0.1, 0.02)
    assert SettingResult.read(trial.as_numbers()) == trial


def test_cells_of_some_items_keep_everything_known() -> None:
    cells = replace(
        make_cells(5, wander=0.0),
        competitor=np.tile(np.arange(ITEMS, dtype=float)[:, None] / 100, WEEKS),
    )
    some = take_items(cells, np.array([2, 5]))
    assert some.variant_id.tolist() == [2, 5]
    assert some.competitor is not None
    assert some.competitor[1].tolist() == cells.competitor[5].tolist()
    design, usual = design_cells(some, 30, 34)
    assert design.shape == (2, 1, 34, len(COLUMNS) + 1)
    assert design[:, 0, 0, -1].tolist() == [0.02, 0.05]
    assert usual.shape == (2,)
    trial, _ = try_settings(some, 0, DemandSettings(), None)
    assert np.isfinite(trial.deviance)


def test_few_weeks_cannot_be_tuned_on() -> None:
    cells = make_cells(4, wander=0.0)
    assert can_tune(cells)
    assert not can_tune(replace(cells, units=cells.units[:, :30]))
