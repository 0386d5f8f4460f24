"""Processes: who is alive, is it ours, and how it ends. A process id alone is never believed."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

PR_SET_PDEATHSIG = 1


def command_line(pid: int) -> str:
    """The command line of a living process, "" for a dead one or a zombie."""
    if sys.platform == "linux":
        try:
            return (
                Path(f"/proc/{pid}/cmdline")
                .read_bytes()
                .replace(b"\0", b" ")
                .decode(errors="replace")
                .strip()
            )
        except OSError:
            return ""
    if shutil.which("ps") is None:
        return ""
    asked = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True
    )
    return asked.stdout.strip()


def die_with_parent() -> None:
    """Between fork and exec: let the kernel end this child with its parent (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def is_ours(pid: int, marker: str) -> bool:
    """Whether `pid` lives and carries `marker` in its command line."""
    return pid > 1 and marker in command_line(pid)


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send a signal to the process group that `pid` leads, if there is one."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def end_leftovers(pids: Iterable[int], marker: str, *, grace_seconds: float = 10.0) -> int:
    """End those of `pids` that carry `marker`, politely, then by force; return how many."""
    ours = [pid for pid in pids if is_ours(pid, marker)]
    for pid in ours:
        signal_group(pid, signal.SIGTERM)
    deadline = time.monotonic() + grace_seconds
    while time.monotonic() < deadline and any(is_ours(pid, marker) for pid in ours):
        time.sleep(0.1)
    for pid in ours:
        if is_ours(pid, marker):
            signal_group(pid, signal.SIGKILL)
    return len(ours)
