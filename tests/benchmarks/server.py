"""A web server of our own for a measurement, and the CPU that it and the database use."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from django.db import connection

from tests.benchmarks.measure import cpu_seconds, list_descendants
from tools.paths import PYTHON, ROOT
from tools.services import free_port

START_SECONDS = 30


@dataclass(slots=True)
class Server:
    """A running gunicorn: where it listens and which processes do its work."""

    pid: int
    port: int
    shared: Callable[[], list[int]]

    def connect(self) -> HTTPConnection:
        """Return a new keep-alive connection."""
        return HTTPConnection("127.0.0.1", self.port, timeout=30)

    def cpu_seconds(self) -> float:
        """Return the CPU used so far by the web processes and those they share: the database's."""
        return cpu_seconds([*list_descendants(self.pid), *self.shared()])


def getter(path: str, headers: Mapping[str, str]) -> Callable[[HTTPConnection], None]:
    """Return a call that asks for a page and reads it; another answer than 200 ends the bench."""

    def get(http: HTTPConnection) -> None:
        http.request("GET", path, headers=dict(headers))
        response = http.getresponse()
        response.read()
        if response.status != 200:
            raise SystemExit(f"bench: {path} answered {response.status}")

    return get


@contextmanager
def serve(
    *,
    workers: int,
    threads: int,
    tree: Path = ROOT,
    environment: Mapping[str, str] | None = None,
    shared: Callable[[], list[int]] | None = None,
) -> Iterator[Server]:
    """Serve the shop of `tree` from `workers` processes of `threads` threads for the body.

    `shared` finds the processes that work for it beside the web's.
    """
    port = free_port()
    options = ["-c", "deploy/gunicorn.conf.py", "-b", f"127.0.0.1:{port}"]
    options += ["-w", str(workers), "--threads", str(threads)]
    with tempfile.TemporaryDirectory() as folder, TemporaryFile() as log:
        process = subprocess.Popen(
            [
                str(PYTHON if tree == ROOT else tree / ".venv/bin/python"),
                *("-m", "gunicorn", "shop.wsgi", *options, "--log-level", "warning"),
            ],
            cwd=tree,
            env={**(environment or os.environ), "PROMETHEUS_MULTIPROC_DIR": folder},
            stdout=subprocess.DEVNULL,
            stderr=log,  # a line a request, as in production: it would drown the figures
        )
        server = Server(process.pid, port, shared or _database_processes)
        try:
            _wait_until_ready(server, process, log)
            yield server
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def _wait_until_ready(server: Server, process: subprocess.Popen[bytes], log: BinaryIO) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            log.seek(0)
            sys.stderr.write(log.read().decode(errors="replace"))
            raise SystemExit("bench: the web server ended at once; run `./dev check`.")
        try:
            http = server.connect()
            http.request("GET", "/healthz")
            if http.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"bench: the web server did not answer within {START_SECONDS} seconds.")


def _database_processes() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        own = int(cursor.fetchone()[0])
    parent = Path(f"/proc/{own}/stat")
    if not parent.exists():
        return []  # a database on another machine: its CPU is not ours to see
    postmaster = int(parent.read_text().rsplit(")", 1)[1].split()[1])
    return [pid for pid in list_descendants(postmaster) if pid != own]
