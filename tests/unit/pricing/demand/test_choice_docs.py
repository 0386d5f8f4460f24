"""The examples of docs/choice.md run, and it names what there is."""

from __future__ import annotations

import doctest
from pathlib import Path

from pricing.demand.core import choice

PAGE = Path(__file__).parents[4] / "docs" / "choice.md"


def test_the_examples_are_true() -> None:
    outcome = doctest.testfile(str(PAGE), module_relative=False)
    assert outcome.attempted > 12
    assert outcome.failed == 0


def test_every_function_is_named() -> None:
    text = PAGE.read_text()
    functions = [name for name in choice.__all__ if not isinstance(getattr(choice, name), type)]
    assert [name for name in functions if f"`{name}" not in text] == []
