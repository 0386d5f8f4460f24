"""Code run in the shop's environment by a process that has started Django already.

Starting it takes five seconds of processor, and the tests of one shop ask a dozen times. Each
piece of code runs in a fork of its own: it finds no memory that an earlier one left.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from tools.paths import ROOT

SERVE = """
import contextlib, io, json, os, sys, traceback
import django

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what is logged
django.setup()
for line in sys.stdin:
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        continue
    said, failed = io.StringIO(), ""
    try:
        with contextlib.redirect_stdout(said):
            exec(compile(json.loads(line), "<shell>", "exec"), {"__name__": "__shell__"})
    except BaseException:
        failed = traceback.format_exc()
    print(json.dumps([said.getvalue(), failed]), file=answers, flush=True)
    os._exit(0)
"""


@dataclass(frozen=True, slots=True)
class Shell:
    """A process that waits for code."""

    process: subprocess.Popen[str]

    def run(self, code: str) -> str:
        """Run code and return what it printed; a failure shows its traceback."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(code) + "\n")
        self.process.stdin.flush()
        said, failed = json.loads(self.process.stdout.readline())
        assert not failed, f"{said[-2000:]}{failed[-4000:]}"
        return str(said)


@contextlib.contextmanager
def open_shell(environment: dict[str, str]) -> Iterator[Shell]:
    """Start the process for the body and end it afterwards."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE],
        cwd=ROOT,
        env={**environment, "DJANGO_SETTINGS_MODULE": "shop.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Shell(process)
