"""A spreadsheet of a stranger, read in a process of its own with little memory and no secrets.

`python -m shop.doors.product_lists.apart` reads a workbook from its input and writes what it holds
as JSON. Only what it was given can be lost there: no web server and no worker takes harm.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from typing import Any

from shop.doors.product_lists.core.problems import BadList
from shop.doors.product_lists.core.text import Sheet
from shop.doors.product_lists.workbooks import read_sheet, read_workbook

MEMORY = 1 << 30
SECONDS = 60


def read_upload(name: str, content: bytes) -> Sheet:
    """Return the rows of a list that somebody uploaded. Raises BadList."""
    return read_sheet(name, content, read_apart)


def read_apart(name: str, content: bytes, *, memory: int = MEMORY, seconds: int = SECONDS) -> Sheet:
    """Return the rows of a spreadsheet, read by another process. Raises BadList: "too_heavy" where
    it takes more than `memory` bytes of data or `seconds` of processor."""
    given = {"PYTHONPATH": os.pathsep.join(sys.path), "OPENBLAS_NUM_THREADS": "1"}
    words = (sys.executable, "-m", __name__, str(memory), str(seconds))
    try:
        done = subprocess.run(  # noqa: S603  # our own module; the file is its input
            words, input=content, capture_output=True, timeout=3 * seconds, env=given, check=True
        )
        said = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError) as error:
        raise BadList("too_heavy") from error
    if "code" in said:
        raise BadList(said["code"], line=said["line"], value=said["value"], **said["detail"])
    rows = [(int(line), cells) for line, cells in said["rows"]]
    formulas = frozenset((line, at) for line, at in said["formulas"])
    return Sheet(name, said["header"], rows, formulas=formulas)


def _say(content: bytes) -> dict[str, Any]:
    try:
        sheet = read_workbook("", content)
    except BadList as bad:
        problem = bad.problem
        return {
            "code": problem.code,
            "line": problem.line,
            "value": problem.value,
            "detail": dict(problem.detail),
        }
    return {"header": sheet.header, "rows": sheet.rows, "formulas": sorted(sheet.formulas)}


def main(memory: int, seconds: int) -> None:
    """Read a workbook from the input under the limits, and write what it holds."""
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    json.dump(_say(sys.stdin.buffer.read()), sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
