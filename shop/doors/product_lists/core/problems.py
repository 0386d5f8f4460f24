"""Problems of a list, as codes; their sentences are written in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem of one cell or row: `column` is the header as the file has it, "" for the row.

    `detail` fills the sentence of `code`: such as `instead`, what to write, or `other`, the line
    that a row contradicts.
    """

    line: int
    code: str
    column: str = ""
    value: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


class BadList(Exception):
    """A file that cannot be read at all; `problem` says why, with line 0 for the whole file."""

    def __init__(self, code: str, *, line: int = 0, value: str = "", **detail: Any) -> None:
        super().__init__(code)
        self.problem = Problem(line, code, "", value, detail)


class BadCell(ValueError):
    """A cell that is not what its column holds."""

    def __init__(self, code: str, **detail: Any) -> None:
        super().__init__(code)
        self.code, self.detail = code, detail
