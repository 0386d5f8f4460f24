"""The processes of a small installation, forked from one process that has loaded the shop.

    python -m shop.workers web beat live:5 prices,interactive,pictures:5:2 bulk:15:2

`web` is the web server and `beat` the clock. Each other argument is one Celery worker: the queues
it reads, how far it gives way to others (its nice value), and how many jobs it works on at once
(else WORKER_CONCURRENCY, or one). They share the memory of what was loaded before the fork. One
that ends is started again; SIGTERM lets all of them finish what they do, then ends this process.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from django.db import connections
from gunicorn.app.wsgiapp import WSGIApplication

import shop.wsgi  # noqa: F401  # loads the shop, or ends with a sentence that says what is missing
from shop.celery import app

WEB_CONFIG = Path(__file__).parents[1] / "deploy" / "gunicorn.conf.py"
RESTART_SECONDS = 2.0
STOPS = (signal.SIGTERM, signal.SIGINT)
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Worker:
    """The queues of a worker, separated by commas (or `web`, or `beat`), its nice value, and its
    processes."""

    queues: str
    nice: int = 0
    processes: int = 1


def read_worker(word: str) -> Worker:
    """Return the worker that an argument describes.

    >>> read_worker("live,interactive")
    Worker(queues='live,interactive', nice=0, processes=1)
    >>> read_worker("bulk:15:2")
    Worker(queues='bulk', nice=15, processes=2)
    """
    queues, *numbers = word.split(":")
    nice, processes = [*numbers, "", ""][:2]
    # as worker.sh reads it
    return Worker(
        queues, int(nice or 0), int(processes or os.environ.get("WORKER_CONCURRENCY") or 1)
    )


class Workers:
    """Keeps one process for each worker until it is told to stop."""

    def __init__(self, wanted: list[Worker]) -> None:
        self.wanted = wanted
        self.running: dict[int, Worker] = {}
        self.is_stopping = False

    def run(self) -> None:
        """Start all workers; start again those that end; return when all have stopped."""
        for number in STOPS:
            signal.signal(number, self._stop)
        for worker in self.wanted:
            self._start(worker)
        while self.running:
            pid, _ = os.wait()
            ended = self.running.pop(pid, None)
            if ended and not self.is_stopping:
                time.sleep(RESTART_SECONDS)
                self._start(ended)

    def _start(self, worker: Worker) -> None:
        # A signal between the fork and the next line would miss the new process.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
        if not self.is_stopping:
            pid = os.fork()
            if pid == 0:
                _work(worker)
            self.running[pid] = worker
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)

    def _stop(self, _number: int, _frame: object) -> None:
        self.is_stopping = True
        for pid in self.running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)


def _work(worker: Worker) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
    _end_with_parent()
    _give_way(worker.nice)
    if worker.queues == "web":
        sys.argv = ["gunicorn", "-c", str(WEB_CONFIG)]  # what gunicorn reads
        sys.exit(WSGIApplication(prog="gunicorn").run())
    if worker.queues == "beat":
        sys.exit(app.start(["beat", "--pidfile=", "-l", "INFO"]))
    name = worker.queues.replace(",", "-")
    count = str(worker.processes)
    options = ("-n", f"{name}@%h", "-Q", worker.queues, "-c", count, "-l", "INFO")
    sys.exit(app.worker_main(["worker", *options, "--without-mingle", "--without-gossip"]))


def _end_with_parent() -> None:
    """Let the kernel end this worker at once when its parent is killed (Linux only).

    SIGQUIT ends a worker without waiting for its job, which its queue then gives to another.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


def _give_way(nice: int) -> None:
    """Let other processes run first, the more the larger `nice`."""
    os.setsid()  # Linux may share a processor between sessions first: each worker has its own
    if nice:
        os.nice(nice)
        with contextlib.suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(nice))


def main(words: list[str]) -> None:
    """Load the shop, then run what the arguments name."""
    app.loader.init_worker()
    app.finalize()
    connections.close_all()
    # Collections of the workers leave what is loaded alone, so that its memory stays shared.
    gc.collect()
    gc.freeze()
    Workers([read_worker(word) for word in words]).run()


if __name__ == "__main__":
    main(sys.argv[1:])
