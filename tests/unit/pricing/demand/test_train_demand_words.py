"""What the training command prints: single figures at a glance, everything on request."""

from __future__ import annotations

import json

from pricing.management.commands.train_demand import say_figures

METRICS = {"wmape": 0.60361318, "items": 11081, "leaderboard": [{"name": "trees"}], "note": ""}


def test_single_figures_come_on_a_line() -> None:
    assert say_figures(METRICS, is_whole=False) == (
        "items 11081, wmape 0.6036; all the rest: --figures, or Models in the admin."
    )


def test_everything_comes_as_json() -> None:
    assert json.loads(say_figures(METRICS, is_whole=True)) == METRICS
