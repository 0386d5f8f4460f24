"""CSV for spreadsheets: the one writer of every export, which no cell can turn into a formula.

Spreadsheets compute text that begins like a formula, also in a file: a product named
`=HYPERLINK(...)` would send what stands beside it to somebody. Such text gets an apostrophe in
front, which they show as text. Numbers stay numbers, negative ones too.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator

# What begins a formula, also after blanks, in the full-width signs, and after our own apostrophe.
FORMULA = re.compile(r"'*(?:\s*[=+\-@＝＋－＠]|[\t\r\n])")  # full-width on purpose
NUMBER = re.compile(r"[-+]?\d[\d.,]*(?:[eE][-+]?\d+)?\s?%?")


def neutralize(cell: object) -> object:
    """Return a cell that no spreadsheet computes: text that begins like a formula is quoted.

    >>> neutralize("=1+1"), neutralize(-5), neutralize("-5.20"), neutralize("-5+A1")
    ("'=1+1", -5, '-5.20', "'-5+A1")
    """
    return f"'{cell}" if isinstance(cell, str) and _is_formula(cell) else cell


def restore(cell: str) -> str:
    """Return the text that `neutralize` was given, from the text it wrote.

    >>> restore("'=1+1"), restore("'tis"), restore("-5")
    ('=1+1', "'tis", '-5')
    """
    return cell[1:] if cell.startswith("'") and _is_formula(cell[1:]) else cell


def sheet_lines(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Yield the rows as lines of CSV, one at a time."""
    for row in rows:
        line = io.StringIO()
        csv.writer(line).writerow([neutralize(cell) for cell in row])
        yield line.getvalue()


def _is_formula(text: str) -> bool:
    return FORMULA.match(text) is not None and NUMBER.fullmatch(text) is None
