"""`.ci/run` is green only where the checks and the tests are, which it runs side by side."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tools.paths import ROOT

DEV = """#!/bin/sh
case "$*" in
"check locks") exit {locks};;
check) echo checked; exit {check};;
test) echo tested; exit {test};;
esac
"""


@pytest.mark.parametrize(
    ("answers", "status", "said"),
    [
        ((0, 0, 0), 0, ["tested", "--- ./dev check", "checked"]),
        ((0, 1, 0), 1, ["tested", "--- ./dev check", "checked"]),
        ((0, 0, 2), 1, ["tested", "--- ./dev check", "checked"]),
        ((1, 0, 0), 1, []),
    ],
    ids=["all are good", "a check fails", "a test fails", "nothing can be installed"],
)
def test_it_fails_with_either_and_shows_both(
    tmp_path: Path, answers: tuple[int, int, int], status: int, said: list[str]
) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/run", tmp_path / ".ci/run")
    dev = tmp_path / "dev"
    dev.write_text(DEV.format(**dict(zip(("locks", "check", "test"), answers, strict=True))))
    dev.chmod(0o755)
    run = subprocess.run([tmp_path / ".ci/run"], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout.splitlines()) == (status, said)
