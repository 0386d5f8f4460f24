"""An own shop as a merchant starts it: `./dev demo --empty` with workers, and a fake Stripe."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.factories.fake_stripe import PUBLISHABLE_KEY, SECRET_KEY, WEBHOOK_SECRET, FakeStripe
from tests.factories.fake_stripe_server import serve_stripe
from tests.functional.shop import ROOT, clone
from tests.template_database import at, connect, provide_template
from tools.clock import VARIABLES
from tools.services import free_port

# What a merchant's terminal has; nothing of this test run but its clock.
KEPT = ("HOME", "LANG", "PATH", "TMPDIR", "USER", *VARIABLES)


@dataclass(frozen=True, slots=True)
class OwnShop:
    """A running shop with nothing in it, its staff's logins and its payment provider."""

    url: str
    port: int
    database_url: str
    logins: dict[str, tuple[str, str]]
    stripe: FakeStripe

    def query(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """Ask the shop's database directly."""
        base, _, name = self.database_url.rpartition("/")
        with connect(f"{base}/{name}", name) as connection:
            return connection.execute(sql.encode(), values).fetchall()

    def hear_events(self) -> set[int]:
        """Send all that the provider has to say, the last first and each twice."""
        answers = set()
        for event in reversed(self.stripe.events * 2):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            with contextlib.closing(connection):
                connection.request("POST", "/hooks/payments/stripe", event.body, event.headers)
                answers.add(connection.getresponse().status)
        return answers


@contextlib.contextmanager
def open_own_shop(state: Path) -> Iterator[OwnShop]:
    """Start the shop for the body, payments taken at packing, and stop it afterwards."""
    base, name, port = os.environ["DATABASE_URL"], f"own_{os.getpid()}", free_port()
    with serve_stripe() as stripe, clone(provide_template(base), base, name):
        environment = {
            **{key: os.environ[key] for key in KEPT if key in os.environ},
            "CAPTURE_PAYMENTS": "at_packing",
            "DATABASE_URL": at(base, name),
            "FAIRTAG_STATE": str(state),
            "PORT": str(port),
            "SANDBOX_PAYMENTS": "1",
            "STRIPE_API_URL": stripe.url,
            "STRIPE_JS_URL": f"{stripe.url}/stripe.js",
            "STRIPE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
            "STRIPE_SECRET_KEY": SECRET_KEY,
            "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        }
        try:
            _run_dev(environment, "demo", "--empty", "--detach")
            record = json.loads((state / "shops/empty/run.json").read_text())
            yield OwnShop(
                url=f"http://localhost:{port}",
                port=port,
                database_url=at(base, name),
                logins={
                    each["role"]: (each["email"], each["password"]) for each in record["logins"]
                },
                stripe=stripe,
            )
        finally:
            _run_dev(environment, "stop")


def _run_dev(environment: dict[str, str], *words: str) -> None:
    done = subprocess.run(
        ["./dev", *words], check=False, cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, f"./dev {words[0]} failed:\n{done.stdout}{done.stderr}"
