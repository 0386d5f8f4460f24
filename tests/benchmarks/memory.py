"""Memory of a small installation: its processes as `./dev demo` starts them, all warm."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path

from tests.benchmarks.measure import Figures, list_descendants
from tools.processes import IS_LINUX
from tools.programs import Program, list_programs
from tools.services import free_port

PAGES = ("/", "/search/?q=a", "/offers/", "/cart/")
# More than the requests after which a web process counts as warm (deploy/gunicorn.conf.py).
REQUESTS = 500
# Jobs of every minute have run twice by then; no model is trained meanwhile.
JOBS_SECONDS = 125
START_SECONDS = 60
STOP_SECONDS = 20
TARGETS = {"memory_sum_mib": ("<=", 900.0)}


def measure() -> Figures:
    """Return the proportional set size of each process and of all together, in MiB.

    The kernel divides a shared page by the number of processes that share it, so the figures add
    up to what the machine holds. PostgreSQL and Valkey are not counted.
    """
    if not IS_LINUX:
        print("bench: memory is measured on Linux only, where the kernel tells what is shared.")
        return {}
    port = free_port()
    with tempfile.TemporaryDirectory() as metrics, ExitStack() as running:
        own = {"HOST": "127.0.0.1", "PORT": str(port), "PROMETHEUS_MULTIPROC_DIR": metrics}
        environment = {**os.environ, **own}
        pids = {
            each.name: running.enter_context(run_program(each, environment))
            for each in list_programs()
        }
        _wait_for_store(port)
        _ask_for_pages(port)
        time.sleep(JOBS_SECONDS)
        return read_figures(pids)


def read_figures(pids: dict[str, int]) -> Figures:
    """Return MiB of each program: the process first, then each process below it, and the sum."""
    figures: Figures = {}
    for name, pid in pids.items():
        for number, each in enumerate(list_descendants(pid)):
            label = f"memory_{name}_{number}" if number else f"memory_{name}"
            figures[f"{label.replace('-', '_')}_mib"] = read_pss(each)
    return {**figures, "memory_sum_mib": round(sum(figures.values()), 1)}


def read_pss(pid: int) -> float:
    """Return the proportional set size of process `pid`, in MiB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    kib = next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return round(kib / 1024, 1)


@contextmanager
def run_program(program: Program, environment: dict[str, str]) -> Iterator[int]:
    """Run a program of the demo for the body; yield its process."""
    process = subprocess.Popen(
        program.command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def _wait_for_store(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            _ask(port, PAGES[0])
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit(f"bench: the web server did not answer within {START_SECONDS} seconds.")


def _ask_for_pages(port: int) -> None:
    for number in range(REQUESTS):
        _ask(port, PAGES[number % len(PAGES)])


def _ask(port: int, path: str) -> None:
    """Ask on a connection of its own, so that all web processes get their share."""
    http = HTTPConnection("127.0.0.1", port, timeout=30)
    http.request("GET", path)
    status = http.getresponse().status
    http.close()
    if status >= 400:
        raise SystemExit(f"bench: {path} answered {status}.")
