"""Logs, metrics and what libraries write hold no names, addresses, tokens or searched words."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from io import StringIO
from typing import Any

import pytest
import structlog
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection
from django.http import HttpRequest
from django.test import Client
from django_structlog.middlewares import request as library
from prometheus_client import generate_latest

from shop.logs import describe_failure, hide_data

MAIL, NAME = "canary.person@example.org", "Canary Birdsong"
TOKEN, WORD, CODE = "kX9f2QhZ7vT4mB8sLw3P", "canaryfood", "CANARY-2026-9QX"
PLANTED = (MAIL, NAME, "canary", "Birdsong", TOKEN, WORD, CODE)

pytestmark = pytest.mark.django_db


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> StringIO:
    """What processes write into their logs meanwhile, in the form they write it."""
    stream = StringIO()
    given = structlog.get_config()
    requests = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=given["processors"],
        wrapper_class=given["wrapper_class"],
    )
    monkeypatch.setattr(library, "logger", requests)
    [handler] = [
        one for one in logging.getLogger("fairtag").handlers if type(one) is logging.StreamHandler
    ]
    monkeypatch.setattr(handler, "stream", stream)
    return stream


def expect_silence(text: str) -> None:
    """No planted word, however written."""
    found = [word for word in PLANTED if word.lower() in text.lower()]
    assert found == [], text


@pytest.mark.usefixtures("shelf")
def test_requests_are_logged_by_route(log: StringIO) -> None:
    browser = Client(raise_request_exception=False)
    for path in (
        f"/search/?q={WORD}",
        f"/zh-hans/suggest/?q={WORD}",
        f"/orders/{TOKEN}/",
        f"/orders/{TOKEN}/pay/",
        f"/letters/stop/{TOKEN}/",
        f"/invite/{CODE}/",
        f"/{TOKEN}/{WORD}",
        f"/api/v1/search?q={WORD}",
        f"/api/v1/orders/{CODE}?email={MAIL}",
        f"/healthz?token={TOKEN}",
    ):
        browser.get(path)
    browser.post("/account/login/", {"login": MAIL, "password": TOKEN})
    browser.post("/account/password/reset/", {"email": MAIL})
    browser.post("/cart/code/", {"code": CODE})
    browser.post("/orders/", {"number": CODE, "email": MAIL})
    browser.get("/", headers={"Host": f"{WORD}.example"})
    browser.post(
        "/_allauth/app/v1/auth/login", {"email": MAIL, "password": TOKEN}, "application/json"
    )
    logged = log.getvalue()
    expect_silence(logged)
    lines = [json.loads(line) for line in logged.splitlines()]
    requests = {line["request"] for line in lines if line["event"] == "request_finished"}
    assert {"GET search", "GET order", "GET healthz", "GET no route"} <= requests
    expect_silence(generate_latest().decode())


def test_filters_of_staff_are_not_logged(log: StringIO) -> None:
    browser = Client(raise_request_exception=False)
    browser.force_login(get_user_model().objects.create_superuser("chief@example.com", "x"))
    browser.get(f"/admin/orders/order/?q={NAME}&email={MAIL}")
    browser.get("/admin/orders/order/42/change/")
    logged = log.getvalue()
    expect_silence(logged)
    assert '"GET admin:orders_order_change 42"' in logged


def test_a_failure_tells_where_and_not_whose() -> None:
    failure = catch(make_a_duplicate)
    assert MAIL in str(failure)  # what the database says
    told = describe_failure((type(failure), failure, failure.__traceback__))
    expect_silence(told)
    assert "make_a_duplicate" in told
    assert "IntegrityError: duplicate key value violates unique constraint" in told
    assert '"profiles_account_email' in told


def make_a_duplicate() -> None:
    """Let the database quote a row."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE kept_account (email text)")
        cursor.execute("CREATE UNIQUE INDEX profiles_account_email_twice ON kept_account (email)")
        cursor.execute("INSERT INTO kept_account VALUES (%s), (%s)", [MAIL, MAIL])


def catch(act: Any) -> Exception:
    """The error that `act` raises."""
    try:
        act()
    except IntegrityError as error:
        return error
    raise AssertionError("nothing was raised")


def test_what_libraries_log_quotes_nobody(log: StringIO) -> None:
    try:
        raise ValueError(f"no account {MAIL!r} with {TOKEN}") from KeyError(NAME)
    except ValueError as error:
        failure = error
    celery = logging.getLogger("celery.app.trace")
    told = "Task %(name)s[%(id)s] raised unexpected: %(exc)s\n%(traceback)s"
    task = {"name": "shop.tasks.deliver_outbox", "id": "0191d2a4-93f5-7b6e-8a51-6f0c2f1f7c11"}
    celery.error(told, {**task, "exc": repr(failure), "traceback": NAME}, exc_info=failure)
    logging.getLogger("gunicorn.error").error(
        "Error handling request %s", f"/orders/{TOKEN}/?email={MAIL}", exc_info=failure
    )
    logging.getLogger("django.request").warning(
        "Not Found: %s", f"/{TOKEN}", extra={"status_code": 404, "request": HttpRequest()}
    )
    logging.getLogger("kombu").warning("lost %r", {"email": MAIL, "q": WORD})
    logged = log.getvalue()
    expect_silence(logged)
    lines = [json.loads(line) for line in logged.splitlines()]
    assert [line["logger"] for line in lines] == [
        "celery.app.trace",
        "gunicorn.error",
        "django.request",
        "kombu",
    ]
    assert lines[0]["event"].startswith(f"Task {task['name']}[{task['id']}] raised unexpected")
    assert "builtins.KeyError" in lines[0]["exception"]


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("time out after 3 s", "time out after 3 s"),
        ("Field 'id' expected a number but got 'Ann'.", "Field … expected a number but got …."),
        (f"to {MAIL}, again", "to …, again"),
        (f"GET /a/?q={WORD} failed", "GET /a/… failed"),
        (f"first\nDETAIL: Key (email)=({MAIL})", "first"),
    ],
)
def test_what_a_message_quotes_is_hidden(message: str, told: str) -> None:
    assert hide_data(message) == told


def start(**environment: str) -> str:
    """What a process with these settings says when it starts and when it is checked."""
    strong = "kV3n-" * 3 + "tQ8wZ2rB6yH1mX5cJ9dL4fS7gP0aE_uN-oT3iK6b"
    given = {
        "DJANGO_SETTINGS_MODULE": "shop.settings",
        "PATH": "/usr/bin:/bin",
        "SECRET_KEY": strong,
        "HTTPS": "1",
        "EMAIL_HOST": "mail.example",
        **environment,
    }
    asked = subprocess.run(
        [sys.executable, "-c", "import shop.settings as s; print(s.EMAIL_BACKEND)"],
        env=given,
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.strip() or asked.stderr.strip().splitlines()[-1]


def test_production_sends_its_letters_and_signs_with_a_strong_key() -> None:
    assert start() == "django.core.mail.backends.smtp.EmailBackend"
    assert start(EMAIL_HOST="").startswith("error: e-mails would go to console and not to people.")
    locmem = "django.core.mail.backends.locmem.EmailBackend"
    assert start(EMAIL_BACKEND=locmem).startswith("error: e-mails would go to locmem")
    assert start(SECRET_KEY="short").startswith("error: SECRET_KEY is too weak (5 characters")
    assert start(SECRET_KEY="a" * 60).startswith("error: SECRET_KEY is too weak (60 characters")
    assert start(SECRET_KEY="a" * 60, HTTPS="0", EMAIL_HOST="").endswith("console.EmailBackend")
