"""Health, readiness and metrics say the truth to those who may hear it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import DatabaseError, OperationalError, connection
from django.test import Client
from pytest_django import Settings

from pricing.base.metrics import book_version
from pricing.ledger.models.books import PriceBook
from shop.doors.api import ops
from tests.factories.pricing import open_dairy


def read_metrics(client: Client) -> str:
    """The metrics, for who has the token."""
    answer = client.get("/metrics", headers={"Authorization": "Bearer let-prometheus-in"})
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture(autouse=True)
def _metrics_token(settings: Settings) -> None:
    settings.METRICS_TOKEN = "let-prometheus-in"


def test_health_answers_without_looking_at_anything(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_ready_when_the_database_answers_and_is_migrated(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "database": "ok", "redis": "ok"}


@pytest.mark.django_db
@pytest.mark.usefixtures("redis_down")
def test_without_redis_the_shop_is_degraded_but_ready(
    client: Client,
) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "degraded", "database": "ok", "redis": "down"}


@pytest.mark.django_db
def test_not_ready_while_the_database_is_down(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise DatabaseError("down")

    monkeypatch.setattr(connection, "cursor", refuse)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["database"] == "down"
    assert answer["Retry-After"] == "5"


@pytest.mark.django_db
def test_not_ready_while_migrations_are_missing(client: Client) -> None:
    ops.require_migrated.cache_clear()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'orders'")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, "behind")


@pytest.mark.django_db
def test_the_token_alone_opens_metrics(client: Client, settings: Settings) -> None:
    def ask(token: str) -> int:
        return client.get("/metrics", headers={"Authorization": f"Bearer {token}"}).status_code

    settings.METRICS_TOKEN = "let-prometheus-in"
    assert ask("let-prometheus-in") == 200
    assert [ask("wrong"), ask(""), ask("ünïcode")] == [404, 404, 404]
    assert client.get("/metrics").status_code == 404
    forged = {"X-Forwarded-For": "127.0.0.1", "Forwarded": "for=127.0.0.1"}
    assert client.get("/metrics", headers=forged).status_code == 404
    settings.METRICS_TOKEN = ""
    assert [ask("let-prometheus-in"), ask("")] == [404, 404]


@pytest.mark.django_db
def test_metrics_are_summed_over_processes_and_forget_none_that_died(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = "from pricing.base.metrics import quotes_issued_total as c; c.labels('gone').inc(3)"
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for _ in range(2):
        subprocess.run([sys.executable, "-c", count], env=environment, check=True)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    text = read_metrics(client)
    assert 'fairtag_quotes_issued_total{arm="gone"} 6.0' in text


@pytest.mark.django_db
@pytest.mark.usefixtures("dairy")
@pytest.mark.django_db
def test_a_process_that_published_no_book_knows_its_version(client: Client) -> None:
    """The demo's first book is published by a command that ends before anybody asks."""
    open_dairy()
    book_version.set(0)
    (version,) = PriceBook.objects.values_list("version", flat=True)
    assert f"fairtag_price_book_version {version:.1f}" in read_metrics(client)


@pytest.mark.django_db
def test_the_latest_word_on_the_book_counts_not_the_highest(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for said in ("b.set(9)", "b.set(4)", ""):
        code = f"from pricing.base.metrics import book_version as b; {said}"
        subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    assert "fairtag_price_book_version 4.0" in read_metrics(client)


@pytest.mark.django_db
def test_metrics_are_there_while_the_database_is_not(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(ops, "read_price_freshness", fail)
    assert "django_http_requests" in read_metrics(client)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_these_doors_take_no_post(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405
