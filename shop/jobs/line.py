"""The short way to Redis for what every request asks: this thread's own connection, no layers.

The client's pool, retries and pipelines cost more than the work of a small command. What is kept
of them: a connection that broke while nobody used it is replaced unseen, and a dead Redis opens
the breaker.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from typing import Any

import redis
from hiredis import pack_command

from shop.jobs.redis import redis_breaker

Word = str | bytes | int | float
Command = tuple[Any, ...]  # of words; the packer's own types know one word only


class Batch:
    """Commands to be sent together, named like those of the client's pipeline."""

    def __init__(self) -> None:
        self.command_stack: list[Command] = []

    def hmget(self, key: str, fields: Sequence[Word]) -> None:
        """Ask for the values of `fields`: a list, None where there is none."""
        self.command_stack.append(("HMGET", key, *fields))

    def hgetall(self, key: str) -> None:
        """Ask for everything in a hash: a dict."""
        self.command_stack.append(("HGETALL", key))

    def execute(self) -> list[Any]:
        """Return the answers. Raises RedisUnavailable."""
        answers = ask_redis(*self.command_stack)
        return [
            _pair_up(answer) if command[0] == "HGETALL" else answer
            for command, answer in zip(self.command_stack, answers, strict=True)
        ]


def ask_redis(*commands: Command) -> list[Any]:
    """Return the answers to `commands`, sent in one round trip. Raises RedisUnavailable.

    A refusal is raised after all answers have been heard: RedisUnavailable if it tells of the
    server's state, redis.ResponseError if the command is wrong, which is our bug.
    """
    with redis_breaker.guard() as client:
        return _line.ask(client, commands)


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
