"""PostgreSQL is away: every page says so with 503, at once for all but one who waits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from threading import Barrier, Thread
from time import monotonic, sleep
from typing import Any

import psycopg
import pytest

from shop.ground.database.base import ConnectBreaker

PAUSE = 0.2
# A process of its own: its database lies where nobody listens.
ASK = """
import json, sys, time
import django
django.setup()
from django.test import Client
client = Client(raise_request_exception=False)
client.cookies["sessionid"] = "a" * 32
answers = {}
started = time.monotonic()
for name, method, path in json.loads(sys.argv[1]):
    answer = getattr(client, method)(path)
    answers[name] = [answer.status_code, answer.get("Retry-After"), answer.get("Content-Type"),
                     answer.content.decode()]
answers["seconds"] = time.monotonic() - started
print(json.dumps(answers))
"""
PAGES = [
    ("home", "get", "/"),
    ("home in Chinese", "get", "/zh-hans/"),
    ("cart", "get", "/cart/?a=<b>"),
    ("adding", "post", "/cart/add/"),
    ("staff", "get", "/admin/"),
    ("signing in", "get", "/account/login/"),
    ("API", "get", "/api/v1/home"),
    ("ready", "get", "/readyz"),
    ("alive", "get", "/healthz"),
]


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    """What a process without its database answers."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "shop.settings",
        "DATABASE_URL": "postgresql://nobody:x@127.0.0.1:1/nothing",
        "ALLOWED_HOSTS": "testserver",
    }
    asked = subprocess.run(
        [sys.executable, "-c", ASK, json.dumps(PAGES)],
        env=environment,
        capture_output=True,
        check=True,
        timeout=60,
    )
    found: dict[str, Any] = json.loads(asked.stdout)
    return found


def test_people_get_a_page_and_machines_a_problem(answers: dict[str, Any]) -> None:
    for name in ("home", "cart", "adding", "staff", "signing in"):
        status, retry, kind, page = answers[name]
        assert (name, status, retry) == (name, 503, "5")
        assert kind.startswith("text/html")
        assert "The shop cannot answer right now" in page
    assert answers["home in Chinese"][0] == 503
    assert "商店暂时无法响应" in answers["home in Chinese"][3]
    assert 'href="/cart/?a=%3Cb%3E"' in answers["cart"][3]
    assert 'href="/"' in answers["adding"][3]
    assert json.loads(answers["API"][3])["code"] == "unavailable"
    assert answers["ready"][0] == 503
    assert answers["alive"][0] == 200


def test_nobody_waits_long(answers: dict[str, Any]) -> None:
    # Two seconds for the first who tries; the rest came within the pauses or tried once more.
    assert answers["seconds"] < 12


def test_one_waits_and_the_others_are_refused_at_once() -> None:
    breaker, both, refused = ConnectBreaker(pause_seconds=PAUSE), Barrier(2), []

    def fail() -> None:
        with breaker.guard():
            raise psycopg.OperationalError("nobody listens")

    with pytest.raises(psycopg.OperationalError, match="nobody listens"):
        fail()
    with pytest.raises(psycopg.OperationalError, match="a moment ago"):
        fail()
    sleep(PAUSE)

    def probe() -> None:
        with breaker.guard():
            both.wait(5)
            both.wait(5)

    thread = Thread(target=probe)
    thread.start()
    both.wait(5)
    started = monotonic()
    try:
        fail()
    except psycopg.OperationalError as error:
        refused.append(str(error))
    both.wait(5)
    thread.join()
    assert refused == ["The database did not answer a moment ago."]
    assert monotonic() - started < 1
    with pytest.raises(psycopg.OperationalError, match="nobody listens"):
        fail()  # it answered again: everybody may try
