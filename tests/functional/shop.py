"""A whole shop for the browser: its own database with real purchases, and a real web server."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis

from shop.ground.kernel.clock import utc_now
from tests.functional.shell import Shell, open_shell
from tests.template_database import (
    at,
    connect,
    copy_database,
    drop,
    hash_files,
    keep_database,
    list_sources,
    manage,
    provide_template,
)
from tools.services import free_port
from tools.valkey import Valkey

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90  # a bound for who hangs: a busy machine needs 30 to import all
# From nothing to a shop with products and prices: minutes of work, so its result is kept.
# One process for all of it: starting Django six times costs as much as training.
FILL = """
from django.core.management import call_command
call_command("import_journey", households=300)
call_command("learn_shoppers")
call_command("train_demand")
# Among 300 households groups of twenty differ by chance: their audit may hold the model back.
from pricing.models import DemandModelVersion
DemandModelVersion.objects.update(status="active")
call_command("publish_prices")
call_command("seed_demo_offers")
"""
WARM_REDIS = """
from profiles.events.api import rebuild_online_features
from shop.ground.kernel.clock import utc_now
from tools.valkey import Valkey
rebuild_online_features(as_of=utc_now())
"""
SEED_ACCOUNTS = """
from django.core.management import call_command
call_command("seed_demo_accounts", "--json")
"""
KEPT = "walked_shop_"
FIXED = {
    "DEBUG": "0",
    "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
    "HTTPS": "0",
    "LOG_LEVEL": "WARNING",
}


@dataclass(frozen=True, slots=True)
class Shop:
    """A running shop: its address and environment, the demo's logins, and its own Valkey."""

    url: str
    shell: Shell
    environment: dict[str, str]
    logins: dict[str, tuple[str, str]]
    valkey: Valkey

    def query(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """Ask the shop's database directly."""
        with psycopg.connect(self.environment["DATABASE_URL"], autocommit=True) as connection:
            return connection.execute(sql.encode(), values).fetchall()


@contextlib.contextmanager
def open_shop(state: Path) -> Iterator[Shop]:
    """Fill a database of its own, serve it by gunicorn for the body, and drop it afterwards."""
    base = os.environ["DATABASE_URL"]
    name = f"functional_{os.getpid()}"
    port = free_port()
    valkey = Valkey(home=state, port=free_port(), password=secrets.token_hex(16))
    environment = {
        **os.environ,
        "DATABASE_URL": at(base, name),
        "FAIRTAG_STATE": str(state),
        "REDIS_URL": valkey.url,
        "STATIC_ROOT": str(state / "static"),
        "PROMETHEUS_MULTIPROC_DIR": str(state / "metrics"),
        "SITE_URL": f"http://127.0.0.1:{port}",
        **FIXED,
        "PORT": str(port),
        "WEB_CONCURRENCY": "1",
        "WEB_THREADS": "4",
    }
    (state / "metrics").mkdir(parents=True)
    with running(valkey), clone(keep_filled(base, environment), base, name):
        with redis.Redis.from_url(valkey.url) as connection:
            connection.flushdb()  # filling the kept shop left profiles of another database
        manage(environment, "collectstatic", "--no-input", "-v", "0")
        with connect(base, name) as connection:
            # One visitor in twenty sees public prices for comparison; here all must see their own.
            connection.execute(b"UPDATE pricing_pricingpolicy SET holdout_share = 0")
        with open_shell(environment) as shell, serve(environment, port, state / "web.log"):
            shell.run(WARM_REDIS)
            logins = json.loads(shell.run(SEED_ACCOUNTS))
            yield Shop(
                url=f"http://127.0.0.1:{port}",
                shell=shell,
                environment=environment,
                logins={
                    each["email"].partition("@")[0]: (each["email"], each["password"])
                    for each in logins
                },
                valkey=valkey,
            )


@contextlib.contextmanager
def running(valkey: Valkey) -> Iterator[None]:
    """Keep a Valkey of the shop's own up for the body: a test may kill it."""
    valkey.start()
    try:
        yield
    finally:
        valkey.stop()


def keep_filled(base: str, environment: dict[str, str]) -> str:
    """Return the name of a filled database; made once a day and for each state of the sources."""
    # Imported dates end just before the day.
    fingerprint = hash_files(list_sources(), utc_now().date().isoformat(), FILL)

    def fill(name: str) -> None:
        manage({**environment, "DATABASE_URL": at(base, name)}, "shell", "-v", "0", "-c", FILL)

    return keep_database(base, KEPT, fingerprint, fill, base=provide_template(base))


@contextlib.contextmanager
def clone(kept: str, base: str, name: str) -> Iterator[None]:
    """Copy the kept database for the body and drop the copy afterwards."""
    copy_database(base, kept, name)
    try:
        yield
    finally:
        with connect(base, "postgres") as connection:
            drop(connection, name)


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
            with contextlib.closing(connection):
                connection.request("GET", "/healthz")
                if connection.getresponse().status == 200:
                    return
        time.sleep(0.1)
    raise AssertionError(f"no answer within {START_SECONDS} s:\n{log.read_text()[-4000:]}")
