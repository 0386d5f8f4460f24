"""A list as it is kept once it was read: what it is on the first line, then a row a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import IO, Any

from shop.doors.product_lists.core.problems import Problem
from shop.doors.product_lists.core.text import Sheet

SAMPLE_ROWS, SAMPLE_CHARACTERS = 3, 80


def write_sheet(sheet: Sheet, file: IO[str]) -> None:
    """Write a list."""
    sample = [[cell[:SAMPLE_CHARACTERS] for cell in cells] for _, cells in sheet.rows[:SAMPLE_ROWS]]
    first = {
        "header": sheet.header,
        "encoding": sheet.encoding,
        "separator": sheet.separator,
        "formulas": sorted(sheet.formulas),
        "total": len(sheet.rows),
        "sample": sample,
    }
    for one in (first, *sheet.rows):
        file.write(json.dumps(one) + "\n")


def write_problem(problem: Problem, file: IO[str]) -> None:
    """Write why a file is no list."""
    json.dump(asdict(problem), file)


def walk_rows(file: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, cells) of a kept list after its first line."""
    for row in file:
        line, cells = json.loads(row)
        yield line, cells


def read_kept(name: str, file: IO[bytes]) -> Sheet:
    """Return a kept list whole."""
    first: dict[str, Any] = json.loads(file.readline())
    formulas = frozenset((line, at) for line, at in first["formulas"])
    rows = list(walk_rows(file))
    return Sheet(name, first["header"], rows, first["encoding"], first["separator"], formulas)
