"""Rate limits are exact under parallel requests, and hold without Redis."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from pytest_django import Settings

from shop.ground.jobs.limits import KEY_PREFIX, Policy, take
from tests.fixtures_api import ApiClient

HOURLY = Policy("hourly", 100, 3600)


def count_allowed(requests: int, threads: int = 32) -> int:
    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(lambda _: take(HOURLY, "alice").is_allowed, range(requests)))


def test_a_thousand_parallel_requests_pass_exactly_a_hundred_times() -> None:
    assert count_allowed(1_000) == 100
    assert not take(HOURLY, "alice").is_allowed
    assert take(HOURLY, "bob").is_allowed


@pytest.mark.usefixtures("redis_down")
def test_without_redis_all_processes_together_stay_inside_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "4")
    assert count_allowed(500) == 25


def test_a_verdict_says_what_remains_and_when_to_return() -> None:
    first = take(HOURLY, "alice")
    assert (first.is_allowed, first.remaining, first.reset_seconds) == (True, 99, 36)
    refused = take(HOURLY, "alice", cost=100)
    assert not refused.is_allowed
    assert refused.retry_seconds == pytest.approx(36, abs=1)
    assert take(HOURLY, "alice", cost=99).is_allowed


def test_what_is_counted_is_forgotten_and_names_nobody(redis_connection: object) -> None:
    take(HOURLY, "guest:6f1f0c0e-1b7a-4b61-9a3a-0d8f8f0b1c11")
    keys = redis_connection.keys(f"{KEY_PREFIX}*")  # type: ignore[attr-defined]  # a Redis client
    assert len(keys) == 1
    assert b"6f1f0c0e" not in keys[0]
    assert 0 < redis_connection.pttl(keys[0]) <= 36_000  # type: ignore[attr-defined]  # as above


@pytest.mark.django_db
def test_a_refused_request_is_told_when_to_return(api: ApiClient, settings: Settings) -> None:
    settings.API_RATES = {"browse": "2/h"}
    assert [api.get("/api/v1/").status_code for _ in range(3)] == [200, 200, 429]
    refused = api.get("/api/v1/")
    assert refused.status_code == 429
    assert refused.json()["code"] == "too_many_requests"
    assert refused["RateLimit-Policy"] == '"browse";q=2;w=3600'
    assert refused["RateLimit"].startswith('"browse";r=0;t=')
    assert 0 < int(refused["Retry-After"]) <= 1800


@pytest.mark.django_db
def test_a_forwarded_address_counts_only_behind_our_own_proxy(
    settings: Settings,
) -> None:
    settings.API_RATES = {"browse": "1/h"}
    liar = [ApiClient(X_Forwarded_For=f"203.0.113.{i}").get("/api/v1/") for i in range(2)]
    assert [answer.status_code for answer in liar] == [200, 429]
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    honest = [ApiClient(X_Forwarded_For=f"6.6.6.6, 198.51.100.{i}") for i in range(2)]
    assert [client.get("/api/v1/").status_code for client in honest] == [200, 200]
    assert honest[0].get("/api/v1/").status_code == 429
