"""Tuning: within its budget, on where it was cut off, and read by training."""

from __future__ import annotations

import re
from datetime import timedelta
from io import StringIO
from unittest.mock import patch

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from pricing.api import train_demand
from pricing.demand import services as tuning
from pricing.demand.core.training import DemandSettings, SettingResult, draw_settings
from pricing.demand.core.training_cells import TrainingCells
from pricing.demand.models.demand import DemandModelVersion
from pricing.demand.models.tuning import DemandTuning
from pricing.demand.selectors.training import Window
from pricing.demand.selectors.versions import load_settings
from pricing.demand.services import TooLittleHistory, tune_demand
from tests.factories.pricing import NOON, Dairy
from tests.unit.pricing.demand.test_tuning import SHORT, make_cells

pytestmark = pytest.mark.django_db


def window_of(cells: TrainingCells) -> Window:
    weeks = cells.units.shape[1]
    monday = np.datetime64("2026-01-05") + np.timedelta64(7, "D") * np.arange(weeks)
    return Window(monday=monday, middle=np.zeros(weeks, dtype=np.int64))


@pytest.fixture
def wandering_shop(monkeypatch: pytest.MonkeyPatch) -> TrainingCells:
    """A shop whose levels wander, as the tuner would load it."""
    cells = make_cells(1, wander=0.3)
    monkeypatch.setattr(tuning, "load_training_cells", lambda **_: (cells, window_of(cells)))
    return cells


def numbers(trials: tuple[SettingResult, ...]) -> list[int]:
    return [trial.number for trial in trials]


def test_a_search_goes_on_where_it_was_cut_off(wandering_shop: TrainingCells) -> None:
    cut = tune_demand(as_of=NOON, budget_seconds=0.0, most_trials=4)
    assert numbers(cut.trials) == [0]
    told: list[int] = []
    whole = tune_demand(
        as_of=NOON,
        budget_seconds=60.0,
        most_trials=4,
        tell=lambda trial, most: told.append(10 * most + trial.number),
    )
    assert told == [41, 42, 43]
    assert whole.id == cut.id
    assert whole.trials[0] == cut.trials[0]
    assert [one.settings for one in whole.trials] == [
        draw_settings(tuning.SEED, number) for number in range(4)
    ]
    DemandTuning.objects.all().delete()
    assert tune_demand(as_of=NOON, budget_seconds=60.0, most_trials=4).trials == whole.trials
    # A finished search has nothing left to do.
    assert tune_demand(as_of=NOON, budget_seconds=60.0, most_trials=4).trials == whole.trials


def test_another_seed_is_another_search(wandering_shop: TrainingCells) -> None:
    tune_demand(as_of=NOON, budget_seconds=0.0)
    tune_demand(as_of=NOON, budget_seconds=0.0, seed=5)
    assert DemandTuning.objects.count() == 2


def test_two_searchers_store_a_trial_once(wandering_shop: TrainingCells) -> None:
    found = tune_demand(as_of=NOON, budget_seconds=0.0)
    again = tuning.note_trial(found.id, found.trials[0], 3.0)
    assert len(again.trials) == 1
    assert again.seconds == found.seconds


def test_training_uses_what_was_chosen(wandering_shop: TrainingCells, dairy: Dairy) -> None:
    assert load_settings() == DemandSettings()
    with patch.object(
        tuning, "draw_settings", lambda _, number: SHORT if number else DemandSettings()
    ):
        found = tune_demand(as_of=NOON, budget_seconds=60.0, most_trials=2)
    assert found.chosen == SHORT == load_settings()
    assert found.best is not None
    assert found.best.number == 1
    with patch(
        "pricing.rollout.services.refits.load_training_cells",
        lambda **_: (wandering_shop, window_of(wandering_shop)),
    ):
        row = train_demand(as_of=NOON, weeks=44)
    assert DemandModelVersion.objects.get(pk=row.id).metrics["settings"] == {
        "season_prior": 100.0,
        "level_half_life": 0.7,
        "level_prior": 5.0,
    }


def test_the_command_shows_the_best_trials(wandering_shop: TrainingCells) -> None:
    out = StringIO()
    call_command("tune_demand", seconds=30.0, trials=3, stdout=out)
    assert re.search(r"search \d+: 3 trials in \d+ s", out.getvalue())
    assert "usual" in out.getvalue()
    assert "chosen" in out.getvalue()


def test_without_history_it_says_so(dairy: Dairy) -> None:
    with pytest.raises(TooLittleHistory):
        tune_demand(as_of=NOON + timedelta(days=1), budget_seconds=1.0)
    with pytest.raises(CommandError, match="too few weeks"):
        call_command("tune_demand", stdout=StringIO())
