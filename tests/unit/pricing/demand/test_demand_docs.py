"""The examples of docs/demand.md run, and it names what there is."""

from __future__ import annotations

import doctest
from pathlib import Path

from pricing.demand import core as demand

PAGE = Path(__file__).parents[4] / "docs" / "demand.md"


def test_the_examples_are_true() -> None:
    outcome = doctest.testfile(str(PAGE), module_relative=False)
    assert outcome.attempted > 15
    assert outcome.failed == 0


def test_every_estimator_is_named() -> None:
    text = PAGE.read_text()
    classes = [name for name in demand.__all__ if isinstance(getattr(demand, name), type)]
    for name in {*classes} - {"Prediction", "Standing"}:
        assert f"`{name}`" in text
