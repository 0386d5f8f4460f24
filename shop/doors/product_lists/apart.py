"""Files of strangers, read in a process of its own with little memory and no secrets.

`python -m shop.doors.product_lists.apart` reads a list or looks at a zip of pictures, and writes
what it found (`core/kept.py`). Only what it was given can be lost there: a web server reads its
first line alone, and nothing is ever read from the file itself again.
"""

from __future__ import annotations

import fcntl
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import IO, Any, Literal

from shop.doors.product_lists.archives import open_archive
from shop.doors.product_lists.core.kept import write_problem, write_sheet
from shop.doors.product_lists.core.problems import BadList
from shop.doors.product_lists.workbooks import read_sheet

# Of data, of processor, of what is said: a container of 1 GiB holds a web server besides.
MEMORY, SECONDS, SAID = 256 * 2**20, 20, 64 * 2**20

type Kind = Literal["list", "pictures"]


def read_apart(
    kind: Kind, source: IO[bytes], kept: IO[bytes], *, memory: int = MEMORY
) -> dict[str, Any]:
    """Have another process read an upload and write what it holds to `kept`, real files both;
    return the first line of that.

    One at a time on this machine. Raises BadList: "too_heavy" where it takes more than `memory`
    bytes of data, SECONDS of processor or SAID bytes to say.
    """
    given = {"PYTHONPATH": os.pathsep.join(sys.path), "OPENBLAS_NUM_THREADS": "1"}
    words = (sys.executable, "-m", __name__, kind, str(memory))
    with Path(__file__).open("rb") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        try:
            subprocess.run(  # noqa: S603  # our own module; the file is its input
                words,
                stdin=source,
                stdout=kept,
                stderr=subprocess.DEVNULL,
                env=given,
                timeout=3 * SECONDS,
                check=True,
            )
        except subprocess.SubprocessError as error:
            raise BadList("too_heavy") from error
    kept.seek(0)
    first: dict[str, Any] = json.loads(kept.readline() or b"{}")
    if "code" in first:
        raise BadList(first["code"], line=first["line"], value=first["value"], **first["detail"])
    return first


def main(kind: str, memory: int) -> None:
    """Read the input under the limits, and write what it holds."""
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (SAID, SAID))
    try:
        if kind == "pictures":
            with open_archive(sys.stdin.buffer):
                return
        sheet = read_sheet("", sys.stdin.buffer.read())
    except BadList as bad:
        write_problem(bad.problem, sys.stdout)
        return
    write_sheet(sheet, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
