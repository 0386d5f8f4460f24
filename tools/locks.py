"""`./dev lock`, and whether the lock files still belong to what they were compiled from."""

import hashlib
import re
import shutil
import subprocess

from tools.console import Refusal, say
from tools.environment import DEVELOPMENT_LOCK, RUN_LOCK
from tools.paths import ROOT, VENV

SOURCES = {
    RUN_LOCK: ("requirements.in",),
    DEVELOPMENT_LOCK: ("requirements.in", "requirements-dev.in"),
}
OPTIONS = (
    *("--universal", "--python-version", "3.12", "--generate-hashes"),
    *("--no-header", "--no-annotate", "--quiet"),
)
HEADER = "# Compiled by ./dev lock from {sources}; do not edit. Inputs: {fingerprint}\n"


def run_lock(arguments: list[str]) -> int:
    """`./dev lock [--upgrade ...]`: compile both locks; pins stay unless asked to move."""
    for lock in (RUN_LOCK, DEVELOPMENT_LOCK):
        source = SOURCES[lock][-1]
        # The development lock takes the pins of the other: one superset, never two truths.
        limits = ["-c", RUN_LOCK] if lock == DEVELOPMENT_LOCK else []
        say(f"compiling {source} into {lock}")
        command = [_find_uv(), "pip", "compile", *OPTIONS, *limits, source, "-o", lock, *arguments]
        if subprocess.run(command, cwd=ROOT).returncode:
            raise Refusal(f"{source} could not be resolved.")
        _sign(lock)
    return 0


def is_in_step(lock: str) -> bool:
    """Whether the lock was compiled from its sources as they are now."""
    first_line = (ROOT / lock).read_text().partition("\n")[0]
    return first_line == _header(lock).strip()


def fingerprint(lines: list[str]) -> str:
    """A hash of the requirements alone: reasons and blank lines may change without a new lock."""
    wanted = [re.sub(r"\s*#.*", "", line).strip() for line in lines]
    return hashlib.sha256("\n".join(filter(None, wanted)).encode()).hexdigest()[:16]


def _header(lock: str) -> str:
    lines = [line for name in SOURCES[lock] for line in (ROOT / name).read_text().splitlines()]
    return HEADER.format(sources=SOURCES[lock][-1], fingerprint=fingerprint(lines))


def _sign(lock: str) -> None:
    path = ROOT / lock
    path.write_text(_header(lock) + path.read_text())


def _find_uv() -> str:
    own = VENV / "bin" / "uv"
    uv = str(own) if own.exists() else shutil.which("uv")
    if uv is None:
        raise Refusal("./dev lock needs uv, which could not be installed into .venv.")
    return uv
