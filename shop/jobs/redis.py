"""The one door to Redis, with a breaker: a dead Redis costs microseconds, not time-outs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import redis
from django.conf import settings

from shop.kernel.errors import FairtagError

OPEN_SECONDS = 0.5
SOCKET_TIMEOUT_SECONDS = 0.25
PATIENT_TIMEOUT_SECONDS = 10.0


class RedisUnavailable(FairtagError):
    """Redis did not answer, or failed less than `OPEN_SECONDS` ago and was not asked again."""

    code = "redis_unavailable"


@lru_cache(maxsize=1)
def get_redis() -> redis.Redis:
    """Return this process's client. Bytes in, bytes out; short time-outs; no silent retries."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=SOCKET_TIMEOUT_SECONDS,
        socket_connect_timeout=SOCKET_TIMEOUT_SECONDS,
        retry=None,
        health_check_interval=0,
    )


@lru_cache(maxsize=1)
def get_patient_redis() -> redis.Redis:
    """Return this process's client for background jobs, which may wait where a page may not."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=PATIENT_TIMEOUT_SECONDS,
        socket_connect_timeout=SOCKET_TIMEOUT_SECONDS,
        retry=None,
        health_check_interval=0,
    )


@contextmanager
def patient_redis() -> Iterator[redis.Redis]:
    """Yield the background client; raise RedisUnavailable when the body meets a dead Redis."""
    try:
        yield get_patient_redis()
    except _DOWN as error:
        raise RedisUnavailable("Redis does not answer a background job.") from error


class RedisBreaker:
    """Opens for a moment after a failure so that requests fall back at once."""

    def __init__(self) -> None:
        self._open_until = 0.0
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether Redis failed a moment ago and should not be asked now."""
        return time.monotonic() < self._open_until

    @contextmanager
    def guard(self) -> Iterator[redis.Redis]:
        """Yield the client; raise RedisUnavailable when open or when the body meets a dead Redis.

        Only connection trouble and a server that refuses work (loading, read-only, out of
        memory) open the breaker; a wrong command is our bug and is raised as it is.
        """
        if self.is_open:
            raise RedisUnavailable("Redis failed a moment ago; using the fallback.")
        try:
            yield get_redis()
        except _DOWN as error:
            with self._lock:
                self._open_until = time.monotonic() + OPEN_SECONDS
            raise RedisUnavailable("Redis does not answer; using the fallback.") from error

    def close(self) -> None:
        """Forget the last failure (tests, and after a successful health check)."""
        self._open_until = 0.0


_DOWN = (
    redis.exceptions.ConnectionError,
    redis.exceptions.TimeoutError,
    redis.exceptions.ReadOnlyError,
    redis.exceptions.BusyLoadingError,
    redis.exceptions.OutOfMemoryError,
    OSError,
)

redis_breaker = RedisBreaker()
