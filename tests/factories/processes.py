"""A real web server and a real worker on the test's own database, killed at a chosen moment.

They run as the shop runs them. A process is stopped from outside: a trigger of the test makes it
wait at the writing of a row, or the fake Stripe at a request, and there it gets SIGKILL. Gunicorn
and Celery start a process anew for the one that died, as they do in production.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import redis
from django.conf import settings
from django.db import connection

from tests.factories.fake_stripe import PUBLISHABLE_KEY, SECRET_KEY, WEBHOOK_SECRET, FakeStripe
from tools.paths import ROOT
from tools.services import free_port

PATIENCE = 60
GATE = 7_531  # the advisory lock that a process is made to wait for
WEB = ("gunicorn", "-c", "deploy/gunicorn.conf.py")
WORKER = (
    *("celery", "-A", "shop.celery", "worker", "-n", "killed@%h", "-Q", "live"),
    *("-c", "1", "--without-mingle", "--without-gossip", "-l", "WARNING"),
)
WAIT = """
CREATE OR REPLACE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_advisory_xact_lock_shared({gate}); RETURN NEW; END $$
"""
BEFORE_WRITING = """
CREATE TRIGGER gate BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW
WHEN ({when}) EXECUTE FUNCTION wait_at_gate()
"""
AT_COMMIT = """
CREATE CONSTRAINT TRIGGER gate AFTER INSERT OR UPDATE ON {table} DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION wait_at_gate()
"""
WAITING = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted"
ALIVE = "SELECT 1 FROM pg_stat_activity WHERE pid = %s"


def wait_until(found: Callable[[], Any], what: str, pause: float = 0.02) -> Any:
    """Return what `found` returns as soon as it is true."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if answer := found():
            return answer
        time.sleep(pause)
    raise AssertionError(f"{what} did not happen within {PATIENCE} s")


@dataclass
class Program:
    """A master process with one child that works."""

    words: tuple[str, ...]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self.words],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def children(self) -> list[int]:
        """Return the processes that work; none while they are being started."""
        assert self.process.poll() is None, self.log.read_text()[-4000:]
        found = subprocess.run(
            ["pgrep", "-P", str(self.process.pid)], check=False, capture_output=True, text=True
        )
        return [int(word) for word in found.stdout.split()]

    def kill_child(self) -> None:
        """Kill what works; its master starts another."""
        died = wait_until(self.children, "a child of a process")
        for pid in died:
            os.kill(pid, signal.SIGKILL)

    def kill_all(self) -> None:
        """Kill master and child at once, as the machine's end would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Processes:
    """Web and worker, and where they are stopped."""

    def __init__(self, stripe: FakeStripe, folder: Path) -> None:
        known = connection.settings_dict
        self.port, self.stripe, self.folder = free_port(), stripe, folder
        self.database_url = (
            f"postgresql://{known['USER']}:{known['PASSWORD']}@{known['HOST']}"
            f":{known['PORT']}/{known['NAME']}"
        )
        self.environment = os.environ | {
            "CAPTURE_PAYMENTS": "at_packing",
            "DATABASE_URL": self.database_url,
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "FAIRTAG_STATE": str(folder),
            "LOG_LEVEL": "WARNING",
            "PORT": str(self.port),
            "STRIPE_API_URL": stripe.url,
            "STRIPE_JS_URL": f"{stripe.url}/stripe.js",
            "STRIPE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
            "STRIPE_SECRET_KEY": SECRET_KEY,
            "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "WEB_CONCURRENCY": "1",
            "WEB_THREADS": "2",
        }
        self.web = Program(WEB, self.environment, folder / "web.log")
        self.worker = Program(WORKER, self.environment, folder / "worker.log")

    def wait_for_web(self) -> None:
        """Return once the web server answers."""
        wait_until(lambda: self.send("GET", "/healthz", b"", {})[0] == 200, "an answer of the web")

    def forget_jobs(self) -> None:
        """Start the worker anew, without the jobs that killed ones were to do again later."""
        self.worker.kill_all()
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            client.delete(*client.scan_iter("fairtag:celery:*"), "fairtag:celery:unacked")
        self.worker.start()

    # --- requests

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        """Send a request; 0 stands for a connection that ended without an answer."""
        asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(asked):
            try:
                asked.request(method, path, body, headers)
                answer = asked.getresponse()
                return answer.status, answer.read().decode()
            except (OSError, http.client.HTTPException):
                return 0, ""

    def send_json(self, path: str, body: object, **headers: str) -> tuple[int, Any]:
        """Call the API by POST."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        given = {"Content-Type": "application/json", **named}
        status, said = self.send("POST", path, json.dumps(body).encode(), given)
        return status, json.loads(said) if said else None

    def press(self, path: str, session: str, **fields: str) -> int:
        """Confirm a dialog of the back office as the staff of a session."""
        token = "t" * 32
        form = urlencode({"_form_submitted": "on", "csrfmiddlewaretoken": token, **fields})
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"sessionid={session}; csrftoken={token}",
        }
        return self.send("POST", path, form.encode(), headers)[0]

    # --- where they are killed

    @contextlib.contextmanager
    def killed_at_row(
        self, program: Program, table: str, when: str, *, at_commit: bool, whole: bool = False
    ) -> Iterator[None]:
        """Kill `program` when the body makes it write such a row, or commit it."""
        command = AT_COMMIT if at_commit else BEFORE_WRITING
        with psycopg.connect(self.database_url, autocommit=True) as gate:
            gate.execute(WAIT.format(gate=GATE).encode())
            gate.execute(command.format(table=table, when=when).encode())
            gate.execute("SELECT pg_advisory_lock(%s)", [GATE])
            with self._killing(program, gate, table, whole=whole):
                yield
            gate.execute(f"DROP TRIGGER gate ON {table}".encode())

    @contextlib.contextmanager
    def _killing(
        self, program: Program, gate: psycopg.Connection[Any], table: str, *, whole: bool
    ) -> Iterator[None]:
        def kill() -> None:
            pid = wait_until(
                lambda: gate.execute(WAITING, [GATE]).fetchone(), f"a write to {table}"
            )[0]
            self._kill(program, whole=whole)
            gate.execute("SELECT pg_advisory_unlock(%s)", [GATE])
            wait_until(lambda: not gate.execute(ALIVE, [pid]).fetchone(), "the end of its session")

        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(kill)
            yield
            done.result()

    @contextlib.contextmanager
    def killed_at_request(
        self, program: Program, request: str, *, acted: bool, whole: bool = False
    ) -> Iterator[None]:
        """Kill `program` when it asks Stripe for something, before or after Stripe has done it."""
        struck: list[str] = []

        def watch(said: str, has_acted: bool) -> bool:
            if struck or acted != has_acted or not said.endswith(request):
                return False
            struck.append(said)
            self._kill(program, whole=whole)
            return True

        self.stripe.watch = watch
        try:
            yield
            wait_until(lambda: struck, f"{request} at Stripe")
        finally:
            self.stripe.watch = None

    def _kill(self, program: Program, *, whole: bool) -> None:
        if not whole:
            program.kill_child()
            return
        program.kill_all()
        program.start()


@contextlib.contextmanager
def run_processes(stripe: FakeStripe, folder: Path) -> Iterator[Processes]:
    """Run web and worker until the block ends."""
    made = Processes(stripe, folder)
    try:
        made.web.start()
        made.worker.start()
        made.wait_for_web()
        yield made
    finally:
        for program in (made.web, made.worker):
            program.kill_all()
