"""The glossary holds each term once, and no name uses a word that it lists as retired."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps

from tests.contracts.house import ROOT, expect_none
from tests.contracts.test_layout import list_tracked

PAGE = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
TERMS, _, REST = PAGE.partition("\n## Retired words\n")
RETIRED = REST.partition("\n## ")[0]
KEPT = frozenset(re.findall(r"`(\w+)`", RETIRED))  # tables keep their names
ALONE = " (alone)"
PRODUCT = ("orders/", "pricing/", "profiles/", "promotions/", "shop/", "tools/")


def read_rows(text: str) -> list[list[str]]:
    """The rows of all tables, without their heads."""
    tables = re.findall(r"^\|[-|]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for table in tables
        for line in table.splitlines()
    ]


def split_name(name: str) -> list[str]:
    """The words of a module (`held_quotes`) or class (`HeldQuotes`), in lower case."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)
    return [part.lower() for part in parts]


def find_retired(name: str, retired: dict[str, str]) -> list[str]:
    """The retired words that a name uses, in singular or plural."""
    words = " ".join(part.removesuffix("s") for part in split_name(name))
    return [word for word in retired if _uses(words, word)]


def _uses(words: str, retired: str) -> bool:
    parts = retired.removesuffix(ALONE).split()
    banned = " ".join(part.removesuffix("s") for part in parts)
    return words == banned if retired.endswith(ALONE) else f" {banned} " in f" {words} "


def list_names() -> Iterator[tuple[str, str]]:
    """Each module and class of the product, with its file."""
    for path in list_tracked():
        file = ROOT / path
        if path.startswith(PRODUCT) and path.endswith(".py") and file.exists():
            yield path, Path(path).stem
            tree = ast.parse(file.read_text(encoding="utf-8"))
            yield from ((path, one.name) for one in ast.walk(tree) if isinstance(one, ast.ClassDef))


def test_every_term_stands_once_with_its_meaning() -> None:
    rows = read_rows(TERMS)
    assert len(rows) > 60
    expect_none(str(row) for row in rows if len(row) != 4 or not all(row))
    counted = Counter(row[0] for row in rows)
    expect_none(f"{term} stands {times} times" for term, times in counted.items() if times > 1)


def test_no_module_and_no_class_uses_a_retired_word() -> None:
    retired = {row[0]: row[1] for row in read_rows(RETIRED)}
    assert retired
    expect_none(
        f"{path}: {name} says '{word}'; say '{retired[word]}'"
        for path, name in list_names()
        if "/migrations/" not in path and name not in KEPT
        for word in find_retired(name, retired)
    )


def test_names_that_are_kept_are_those_of_tables() -> None:
    tables = {model.__name__ for model in apps.get_models()}
    assert tables >= KEPT
    assert len(KEPT) == 13


def test_the_check_finds_a_retired_word_in_a_name() -> None:
    retired = {"one piece": "unit preview", "told": "family posterior"}
    assert find_retired("one_piece", retired) == ["one piece"]
    assert find_retired("OnePieces", retired) == ["one piece"]
    assert find_retired("ToldPrior", retired) == ["told"]
    assert find_retired("untold_story", retired) == []


def test_a_word_retired_alone_may_stand_in_a_longer_name() -> None:
    retired = {"held (alone)": "held quotes"}
    assert find_retired("Held", retired) == ["held (alone)"]
    assert find_retired("HeldQuote", retired) == []
