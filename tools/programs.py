"""The processes of the demo: the web server, the clock and the workers, forked from one."""

import dataclasses
import hashlib
import os
import shutil
from pathlib import Path

from tools.management import project_environment
from tools.paths import PYTHON, SHARED_MEMORY, state_dir

# A lane each, so that nothing short waits behind something long; all give way to pages (the first
# number): jobs doubled their slowest hundredth. Two of interactive, or a price set by hand waits
# for a check to end; two of bulk, or no book comes out while a model is trained.
WORKERS = ("live:5", "prices,interactive,pictures:5:2", "bulk:15:2")
PROCESSES = ("web", "beat", *WORKERS)
# Celery's warning to root, and only that: the demo of a root user runs as root.
QUIET_ROOT = ("-W", "ignore::UserWarning:celery.platforms")


@dataclasses.dataclass(frozen=True, slots=True)
class Program:
    """A process the supervisor keeps alive."""

    name: str
    command: tuple[str, ...]


def mark() -> str:
    """The word in every command line by which this state folder's processes are known."""
    return f"fairtag_run={hashlib.sha256(str(state_dir()).encode()).hexdigest()[:12]}"


def list_programs() -> list[Program]:
    """All programs, in the order they start."""
    return [Program("shop", _python(*QUIET_ROOT, "-m", "shop.workers", *PROCESSES))]


def program_environment(addresses: dict[str, str], *, port: int, host: str) -> dict[str, str]:
    """The environment of the long-lived processes."""
    return {
        **project_environment(addresses, port=port),
        "PORT": str(port),
        "HOST": host,
        "PROMETHEUS_MULTIPROC_DIR": str(metrics_dir()),
    }


def metrics_dir(memory: Path = SHARED_MEMORY) -> Path:
    """Where the processes share their metrics: in memory where files can lie there.

    A process that maps a file of a full disk is ended by the system.
    """
    return memory / mark() if os.access(memory, os.W_OK) else state_dir() / "prometheus"


def empty_metrics() -> None:
    """Begin without an earlier run's metrics: its process ids mean nothing any more."""
    forget_metrics()
    metrics_dir().mkdir(parents=True)


def forget_metrics() -> None:
    """Remove a run's metrics."""
    shutil.rmtree(metrics_dir(), ignore_errors=True)


def _python(*words: str) -> tuple[str, ...]:
    return (str(PYTHON), "-X", mark(), *words)
