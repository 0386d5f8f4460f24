"""The examples of docs/learning.md run as they stand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

BLOCKS = re.findall(
    r"```python\n(.*?)```",
    (Path(__file__).parents[3] / "docs" / "learning.md").read_text(),
    re.DOTALL,
)


def run(source: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(source, "docs/learning.md", "exec"), names)  # noqa: S102  # our own page
    return names


def test_an_outside_market_drives_the_policy() -> None:
    names = run(BLOCKS[0])
    assert names["policy"].model.visits == 8 * 500
    assert np.all(names["prices"] <= names["public"])
    assert 0 < np.mean(names["chosen"] >= 0) < 1


def test_an_outside_agent_lives_in_our_market() -> None:
    names = run(BLOCKS[1])
    assert names["run"].profit.shape == (3,)
    assert np.all(names["run"].profit > 0)
    assert len(BLOCKS) == 2
