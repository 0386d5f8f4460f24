"""Health, readiness and metrics say the truth to those who may hear it."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from pytest_django import Settings

from shop.api import ops
from shop.jobs import redis as jobs_redis


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
def test_still_ready_without_redis_because_the_store_sells_at_the_public_price(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = jobs_redis.redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.05)
    monkeypatch.setattr(jobs_redis, "get_redis", lambda: dead)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["redis"] == "down"


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
def test_not_ready_while_migrations_are_missing(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ops, "_migrated", [])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'orders'")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, "behind")


def test_loopback_reads_metrics_and_others_find_nothing(client: Client) -> None:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert b"django_http_requests" in answer.content
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.7").status_code == 404


def test_a_proxy_on_the_same_machine_does_not_open_metrics_to_the_world(
    client: Client, settings: Settings
) -> None:
    forwarded = {"X-Forwarded-For": "203.0.113.7"}
    assert client.get("/metrics", headers=forwarded).status_code == 404
    assert client.get("/metrics", headers={"Forwarded": "for=203.0.113.7"}).status_code == 404
    settings.TRUSTED_PROXIES = 1
    assert client.get("/metrics", headers=forwarded).status_code == 404
    settings.METRICS_NETWORKS = ["203.0.113.0/24"]
    assert client.get("/metrics", headers=forwarded).status_code == 200


def test_the_token_opens_metrics_from_anywhere_and_a_wrong_one_from_nowhere(
    client: Client, settings: Settings
) -> None:
    settings.METRICS_TOKEN = "let-prometheus-in"

    def ask(token: str, address: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return client.get("/metrics", headers=headers, REMOTE_ADDR=address).status_code

    assert ask("let-prometheus-in", "203.0.113.7") == 200
    assert ask("wrong", "203.0.113.7") == 404
    assert ask("wrong", "127.0.0.1") == 404
    assert ask("ünïcode", "127.0.0.1") == 404


@pytest.mark.parametrize("address", ["::1", "::ffff:127.0.0.1"])
def test_loopback_has_other_names_too(client: Client, address: str) -> None:
    assert client.get("/metrics", REMOTE_ADDR=address).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_these_doors_take_no_post(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405
