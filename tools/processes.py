"""Processes: liveness, ownership and termination. A process id alone is never trusted."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
LAST_SECONDS = 5.0
IS_LINUX = sys.platform == "linux"


def command_line(pid: int) -> str:
    """The command line of a living process, "" for a dead one or a zombie."""
    if IS_LINUX:
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
    if IS_LINUX:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def is_ours(pid: int, marker: str) -> bool:
    """Whether `pid` lives and carries `marker` in its command line."""
    return pid > 1 and marker in command_line(pid)


def send_signal(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that may just have ended."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def end_process(pid: int, marker: str, numbers: Sequence[signal.Signals]) -> bool:
    """End a process of ours by one signal after the other; return whether it ran."""
    if not is_ours(pid, marker):
        return False
    for number in numbers:
        send_signal(pid, number)
        if wait_for(lambda: not is_ours(pid, marker), LAST_SECONDS):
            break
    return True


def read_pid(file: Path) -> int:
    """The process id that a server keeps in a file, 0 if there is none."""
    try:
        return int(file.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 0


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send a signal to the process group that `pid` leads, if there is one."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def wait_for(is_done: Callable[[], bool], seconds: float) -> bool:
    """Wait until `is_done()`; return False when `seconds` have passed before."""
    deadline = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def end_leftovers(marker: str, *, grace_seconds: float = 10.0) -> int:
    """End every process that carries `marker`, politely, then by force; return how many.

    Looked for again each time: what is told to end may start another first.
    """
    return end_all(lambda: find_marked(marker), grace_seconds)


def end_all(find: Callable[[], list[int]], grace_seconds: float) -> int:
    """End all processes that `find` names; return how many there were."""
    ended: set[int] = set()
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGKILL):
        found = find()
        ended.update(found)
        for pid in found:
            send_signal(pid, number)
        # Twice: who forks and ends during one look shows neither itself nor its child.
        if wait_for(lambda: not find() and not find(), grace_seconds):
            break
    return len(ended)


def find_marked(marker: str) -> list[int]:
    """The ids of all living processes that carry `marker` as a word of their command line."""
    if IS_LINUX:
        pids = [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    elif shutil.which("ps"):
        listed = subprocess.run(["ps", "-axo", "pid="], capture_output=True, text=True).stdout
        pids = [int(word) for word in listed.split()]
    else:
        pids = []
    return [pid for pid in pids if pid != os.getpid() and is_ours(pid, marker)]


def find_working_in(folder: Path, program: str) -> list[int]:
    """The ids of a program's processes that work in `folder`, whatever title they gave themselves.

    A server's children outlive its death by kill -9 while they are busy. Linux only.
    """
    found = []
    for entry in Path("/proc").iterdir() if IS_LINUX else ():
        with contextlib.suppress(OSError):
            is_inside = entry.name.isdigit() and (entry / "cwd").readlink() == folder
            if is_inside and (entry / "exe").readlink().name.startswith(program):
                found.append(int(entry.name))
    return found
