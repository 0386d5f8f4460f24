"""docs/security.md answers every requirement of ASVS 5.0.0, levels 1 and 2, with true names."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator

from tests.contracts.house import ROOT, expect_none

SHEET = (ROOT / "docs" / "security.md").read_text()
# Section -> its requirements of levels 1 and 2 (numbers run on; those of level 3 are left out).
SECTIONS = """
1.1:2 1.2:9 1.3:11 1.4:3 1.5:2 2.1:3 2.2:3 2.3:4 2.4:1 3.2:2 3.3:4 3.4:6 3.5:5 3.7:2
4.1:3 4.2:1 4.3:2 4.4:4 5.1:1 5.2:3 5.3:2 5.4:3 6.1:3 6.2:12 6.3:4 6.4:4 6.5:5 6.6:3
6.8:4 7.1:3 7.2:4 7.3:2 7.4:5 7.5:2 7.6:2 8.1:2 8.2:3 8.3:1 8.4:1 9.1:3 9.2:4 11.1:2
11.2:3 11.3:3 11.4:4 11.5:1 11.6:1 12.1:3 12.2:2 12.3:4 13.1:1 13.2:5 13.3:2 13.4:5
14.1:2 14.2:4 14.3:3 15.1:3 15.2:3 15.3:7 16.1:1 16.2:5 16.3:4 16.4:3 16.5:3
"""
ROW = re.compile(r"^\| ((?:\d+\.\d+\.\d+(?:, )?)+) \| (.+?) \|(?: (.+) \|)?$", re.MULTILINE)
TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")


def list_rows() -> Iterator[tuple[str, str]]:
    """Each requirement with what is said of it."""
    for numbers, about, held in ROW.findall(SHEET):
        yield from ((number, held or about) for number in numbers.split(", "))


def find_missing(text: str) -> list[str]:
    """Tests that `text` names and nobody wrote."""
    missing = []
    for path, name in TEST.findall(text):
        file = ROOT / "tests" / path
        tree = ast.parse(file.read_text() if file.exists() else "")
        written = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        missing += [] if name in written else [f"{path}::{name}"]
    return missing


def test_every_requirement_has_one_row() -> None:
    sections = re.findall(r"([\d.]+):(\d+)", SECTIONS)
    expected = {f"{one}.{n}" for one, last in sections for n in range(1, int(last) + 1)}
    counted = Counter(number for number, _held in list_rows())
    assert set(counted) == expected
    expect_none(f"{number} stands {times} times" for number, times in counted.items() if times > 1)
    for chapter in ("10.*", "17.*"):
        assert f"| {chapter} | " in SHEET


def test_every_row_names_a_test_or_says_why_not() -> None:
    expect_none(f"{number}: {held}" for number, held in list_rows() if len(held) < 4)
    assert sum("::test_" in held for _number, held in list_rows()) > 90


def test_every_test_it_names_exists() -> None:
    expect_none(f"docs/security.md names {one}: there is none" for one in find_missing(SHEET))


def test_the_check_finds_a_test_that_nobody_wrote() -> None:
    assert find_missing("`contracts/test_docs.py::test_of_nothing`") == [
        "contracts/test_docs.py::test_of_nothing"
    ]
    assert find_missing("`no/such_file.py::test_x`") == ["no/such_file.py::test_x"]
