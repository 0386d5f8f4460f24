"""The one door to Redis, with a breaker: a dead Redis costs microseconds, not time-outs.

What every request asks goes a short way: this thread's own connection, no layers. The client's
pool, retries and pipelines cost more than the work of a small command. What is kept of them: a
connection that broke while nobody used it is replaced unseen, and a dead Redis opens the breaker.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings
from hiredis import pack_command
from kombu.exceptions import OperationalError

from shop.ground.kernel.errors import FairtagError

OPEN_SECONDS = 0.5
SOCKET_TIMEOUT_SECONDS = 0.25
PATIENT_TIMEOUT_SECONDS = 10.0
PROBE_KEY = "fairtag:probe"
OK, REFUSES, DOWN = "ok", "refuses", "down"


# What a server says of its own state. With these it refuses work that it would do on another day:
# a failing disk, missing replicas, a broken cluster, a changed password. Other errors are our bugs.
REFUSALS = {
    *("LOADING", "READONLY", "OOM", "MISCONF", "NOREPLICAS", "CLUSTERDOWN", "MASTERDOWN"),
    *("TRYAGAIN", "BUSY", "NOAUTH", "WRONGPASS", "NOPERM"),
}
# The last is how the library that sends tasks words a broken connection to the same server.
_DOWN = (
    redis.exceptions.ConnectionError,
    redis.exceptions.TimeoutError,
    OSError,
    OperationalError,
)
# What the client and the server put before the code: a pipeline's command, a transaction, a script
# (before Redis 7 its inner error stands behind the place where it was raised).
_CODE = re.compile(
    r"(?:Command # \d+ .* of pipeline caused error: )?"
    r"(?:EXECABORT )?(?:Transaction discarded because of: )?"
    r"(?:(?:ERR )?Error running script .*?: -)?([A-Z]+)\b",
    re.DOTALL,
)


class RedisUnavailable(FairtagError):
    """Redis did not answer, refused work because of its state, or did so a moment ago."""

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


def is_down(error: BaseException) -> bool:
    """Return whether `error` tells of a server that is away or refuses work because of its state.

    >>> is_down(redis.ResponseError("MISCONF Errors writing to the AOF file"))
    True
    >>> is_down(redis.ResponseError("WRONGTYPE Operation against a key"))
    False
    """
    if not isinstance(error, redis.ResponseError):
        return isinstance(error, _DOWN)
    # The client takes the code it knows a class for out of the text.
    if getattr(error, "status_code", None) in REFUSALS:
        return True
    found = _CODE.match(str(error))
    return found is not None and found[1] in REFUSALS


@contextmanager
def patient_redis() -> Iterator[redis.Redis]:
    """Yield the background client; raise RedisUnavailable when the body meets one that is down."""
    try:
        yield get_patient_redis()
    except Exception as error:
        if not is_down(error):
            raise
        raise RedisUnavailable("Redis does not answer a background job.") from error


def probe_redis() -> str:
    """Return "ok", "refuses" if Redis answers but takes no write, or "down". Asks at once.

    The breaker has no say: who asks wants to know how Redis is now.
    """
    client = get_redis()
    try:
        client.ping()
    except Exception as error:
        if not is_down(error):
            raise
        return DOWN
    try:
        client.set(PROBE_KEY, 1, px=1000)
    except Exception as error:
        if not is_down(error):
            raise
        return REFUSES
    return OK


def ensure_group(client: redis.Redis, stream: str, group: str) -> None:
    """Make the consumer group of a stream, and the stream, unless it is there."""
    try:
        client.xgroup_create(stream, group, id="0", mkstream=True)
    except redis.ResponseError as error:
        if not str(error).startswith("BUSYGROUP"):
            raise


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

        Only connection trouble and a server that refuses work because of its state open the
        breaker; a wrong command is our bug and is raised as it is.
        """
        if self.is_open:
            raise RedisUnavailable("Redis failed a moment ago; using the fallback.")
        try:
            yield get_redis()
        except Exception as error:
            if not is_down(error):
                raise
            with self._lock:
                self._open_until = time.monotonic() + OPEN_SECONDS
            raise RedisUnavailable("Redis does not answer; using the fallback.") from error

    def close(self) -> None:
        """Forget the last failure (tests, and after a successful health check)."""
        self._open_until = 0.0


redis_breaker = RedisBreaker()

Word = str | bytes | int | float
Command = tuple[Any, ...]  # of words; the packer's own types know one word only


def ask_redis(*commands: Command) -> list[Any]:
    """Return the answers to `commands`, sent in one round trip. Raises RedisUnavailable.

    A refusal is raised after all answers have been heard: RedisUnavailable if it tells of the
    server's state, redis.ResponseError if the command is wrong, which is our bug. HGETALL is
    answered by a dict.
    """
    with redis_breaker.guard() as client:
        answers = _line.ask(client, commands)
    return [
        _pair_up(answer) if command[0] == "HGETALL" else answer
        for command, answer in zip(commands, answers, strict=True)
    ]


class _Line(threading.local):
    """This thread's connection, made anew in another process or for another client."""

    def __init__(self) -> None:
        self._pool: redis.ConnectionPool | None = None
        self._connection: redis.Connection | None = None
        self._pid = 0

    def ask(self, client: redis.Redis, commands: Sequence[Command]) -> list[Any]:
        connection = self._connect(client.connection_pool)
        connection.send_packed_command([b"".join([pack_command(one) for one in commands])])
        answers: list[Any] = []
        refusal: redis.ResponseError | None = None
        for _ in commands:
            try:
                answers.append(connection.read_response())
            except redis.ResponseError as error:
                refusal = refusal or error
                answers.append(None)
            except BaseException:
                # Answers that nobody heard must not be taken for those of the next request.
                connection.disconnect()
                raise
        if refusal is not None:
            raise refusal
        return answers

    def _connect(self, pool: redis.ConnectionPool) -> redis.Connection:
        connection = self._connection
        if connection is not None and pool is self._pool and os.getpid() == self._pid:
            if _is_quiet(connection):
                return connection
            connection.disconnect()
            return connection  # sending connects
        connection = pool.connection_class(**pool.connection_kwargs)
        self._pool, self._connection, self._pid = pool, connection, os.getpid()
        return connection


def _is_quiet(connection: redis.Connection) -> bool:
    """Return whether nothing waits to be read: the end of a closed connection would."""
    try:
        return not connection.can_read(timeout=0)
    except (redis.RedisError, OSError):
        return False


def _pair_up(answer: Any) -> dict[Any, Any]:
    """Return what HGETALL said: pairs in a row before RESP 3, a dict since."""
    if isinstance(answer, dict):
        return answer
    pairs = iter(answer)
    return dict(zip(pairs, pairs, strict=True))


_line = _Line()
