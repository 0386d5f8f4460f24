"""The page about offers names every kind, and every way of combining, that the code knows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from promotions.engine.core.conditions.tree import ALWAYS
from promotions.engine.core.parsing.benefits import RULES
from promotions.engine.core.parsing.conditions import WORDS, parse_condition
from promotions.engine.core.stacking.rules import GroupMode
from promotions.engine.core.values import BenefitKind, Target

PAGE = (Path(__file__).resolve().parents[4] / "docs" / "offers.md").read_text(encoding="utf-8")
CONDITIONS = PAGE.partition("\n## Conditions\n")[2].partition("\n## ")[0]
ROWS = {
    cells[0].strip("` "): [cell.strip() for cell in cells[1:]]
    for line in PAGE.replace(CONDITIONS, "").splitlines()
    if line.startswith("| `")
    for cells in [line.strip("|").split("|")]
}


def test_the_tables_name_every_kind_and_every_group_mode() -> None:
    assert ROWS.keys() == {*BenefitKind, *GroupMode}


@pytest.mark.parametrize("kind", list(BenefitKind))
def test_the_targets_of_a_kind_are_those_it_accepts(kind: BenefitKind) -> None:
    named = set(re.findall(r"unit(?!s)|line|cart", ROWS[kind][0]))
    assert {Target(word) for word in named} == RULES[kind].targets


def test_the_table_of_conditions_names_every_word_with_readable_examples() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .+ \| `(.+)` \|$", CONDITIONS, re.MULTILINE)
    assert [word for word, _example in rows] == list(WORDS)
    for word, example in rows:
        tree = json.loads(example)
        assert next(iter(tree)) == word
        assert parse_condition(tree) != ALWAYS
