"""A whole shop for the browser: its own database with real purchases, and a real web server."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30
STEPS = (
    ("migrate", "--no-input", "-v", "0"),
    ("collectstatic", "--no-input", "-v", "0"),
    ("import_journey", "--households", "300"),
    ("train_demand",),
    ("publish_prices",),
)


@dataclass(frozen=True, slots=True)
class Shop:
    """A running shop: where it answers, its environment, and the logins of its demo accounts."""

    url: str
    environment: dict[str, str]
    logins: dict[str, tuple[str, str]]

    def query(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """Ask the shop's database directly."""
        with psycopg.connect(self.environment["DATABASE_URL"], autocommit=True) as connection:
            return connection.execute(sql.encode(), values).fetchall()

    def manage(self, *command: str) -> str:
        """Run a management command in the shop's environment and return what it printed."""
        return manage(self.environment, *command)


def manage(environment: dict[str, str], *command: str) -> str:
    """Run a management command; a failure shows what it said."""
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        check=False,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{command[0]} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
    return done.stdout


@contextlib.contextmanager
def open_shop(state: Path) -> Iterator[Shop]:
    """Fill a database of its own, serve it by gunicorn for the body, and drop it afterwards."""
    base = os.environ["DATABASE_URL"]
    name = f"functional_{os.getpid()}"
    port = free_port()
    environment = {
        **os.environ,
        "DATABASE_URL": urlunsplit(urlsplit(base)._replace(path=f"/{name}")),
        "FAIRTAG_STATE": str(state),
        "STATIC_ROOT": str(state / "static"),
        "PROMETHEUS_MULTIPROC_DIR": str(state / "metrics"),
        "SITE_URL": f"http://127.0.0.1:{port}",
        "HTTPS": "0",
        "DEBUG": "0",
        "LOG_LEVEL": "WARNING",
        "PORT": str(port),
        "WEB_CONCURRENCY": "1",
        "WEB_THREADS": "4",
    }
    (state / "metrics").mkdir(parents=True)
    with database(base, name):
        with redis.Redis.from_url(environment["REDIS_URL"]) as connection:
            connection.flushdb()
        for step in STEPS:
            manage(environment, *step)
        logins = json.loads(manage(environment, "seed_demo_accounts", "--json"))
        with serve(environment, port, state / "web.log"):
            yield Shop(
                url=f"http://127.0.0.1:{port}",
                environment=environment,
                logins={
                    each["email"].partition("@")[0]: (each["email"], each["password"])
                    for each in logins
                },
            )


@contextlib.contextmanager
def database(base: str, name: str) -> Iterator[None]:
    """Create an empty database for the body and drop it afterwards."""
    server = urlunsplit(urlsplit(base)._replace(path="/postgres"))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    try:
        yield
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


@contextlib.contextmanager
def serve(environment: dict[str, str], port: int, log: Path) -> Iterator[None]:
    """Run the production web server for the body."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
        )
        try:
            wait_until_ready(port, process, log)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def wait_until_ready(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the server answers; fail with its log if it ends or stays silent."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()[-4000:]
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.1)
    raise AssertionError(f"no answer within {START_SECONDS} s:\n{log.read_text()[-4000:]}")


def free_port() -> int:
    """Return a port nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
