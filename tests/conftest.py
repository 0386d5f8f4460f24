"""What every test gets. Shared fixtures of a room go into tests/fixtures_<room>.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import redis
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import translation

from shop.ground.jobs.redis import redis_breaker

# How fast examples are drawn is the machine's affair: a loaded one must not fail a test. A push
# tries the same examples each time; `./dev test --all` draws new ones.
AT_EASE: dict[str, Any] = {
    "suppress_health_check": [hypothesis.HealthCheck.too_slow],
    "deadline": None,
}
hypothesis.settings.register_profile("search", **AT_EASE)
hypothesis.settings.register_profile("fairtag", derandomize=True, **AT_EASE)
hypothesis.settings.load_profile("fairtag")

# A million rounds for each password slow down who guesses, and every test that signs in.
PBKDF2PasswordHasher.iterations = 1_000

pytest_plugins = [
    "tests.template_database",
    "tests.seeded_rows",
    "tests.plugin_chance",
    "tests.plugin_order",
    *(f"tests.{found.stem}" for found in sorted(Path(__file__).parent.glob("fixtures_*.py"))),
]


@pytest.fixture(scope="session")
def redis_connection(servers: None) -> Iterator[redis.Redis]:
    """This process's own Redis database."""
    with redis.Redis.from_url(settings.REDIS_URL) as connection:
        yield connection


@pytest.fixture
def clean_redis(redis_connection: redis.Redis) -> redis.Redis:
    """The Redis database, emptied: no event, feature or held quote of an earlier test."""
    redis_connection.flushdb()
    return redis_connection


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    """A page asked for in Chinese leaves its language to whatever its thread does next."""
    with translation.override("en"):
        yield


@receiver(user_logged_in)
def _note_the_sign_in(request: HttpRequest, user: Any, **_rest: Any) -> None:
    """A browser that a test logs in has given its password just now, as one of a person has."""
    if not get_authentication_records(request, user):
        record_authentication(request, user, method="password")


@pytest.fixture(autouse=True)
def _isolate(request: pytest.FixtureRequest) -> None:
    """Integration and browser tests start with an empty Redis; unit tests touch nothing."""
    if not {"integration", "functional"} & set(request.path.parts):
        return
    request.getfixturevalue("clean_redis")
    redis_breaker.close()


COUNTERS = {"CaptureQueriesContext", "django_assert_num_queries", "django_assert_max_num_queries"}


@pytest.fixture(autouse=True)
def _count_the_same_on_a_busy_machine(request: pytest.FixtureRequest) -> None:
    """Where statements are counted, what a process remembers for a second or two lasts.

    A busy machine needs more than that second for a page, and would count the reading anew.
    """
    code = getattr(request.function, "__code__", None)
    if code and COUNTERS & {*code.co_names, *request.fixturenames}:
        request.getfixturevalue("lasting_memories")
