"""The examples of docs/demand.md run, and it names what there is."""

from __future__ import annotations

import doctest
from pathlib import Path

from pricing.demand.core.logit import HierarchicalLogit
from pricing.demand.core.pooled import PooledPoisson
from pricing.demand.core.slopes import Shown

PAGE = Path(__file__).parents[4] / "docs" / "demand.md"


def test_the_examples_are_true() -> None:
    outcome = doctest.testfile(str(PAGE), module_relative=False)
    assert outcome.attempted > 15
    assert outcome.failed == 0


def test_every_estimator_is_named() -> None:
    text = PAGE.read_text()
    for one in (HierarchicalLogit, PooledPoisson, Shown):
        assert f"`{one.__name__}`" in text
