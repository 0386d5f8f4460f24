"""The one way a Celery task is written here: recorded, exclusive, time-limited, retried."""

from __future__ import annotations

import functools
import math
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from inspect import signature
from typing import Any

from celery import Signature, Task, shared_task
from django.db import connection

from shop.ground.jobs.redis import RedisUnavailable, redis_breaker
from shop.ground.jobs.services import RunProgress, record_run, replace_idle_runs

RETRY_SECONDS = 10
MAX_RETRIES = 3
# While one start is on its way others are not needed: it takes in what they were for, too.
WOKEN = "fairtag:woken:"
WOKEN_SECONDS = 60
# A start came while the job ran: another run follows.
CAME = "fairtag:came:"
CAME_SECONDS = 3600


def job(
    *,
    queue: str,
    time_limit: int = 300,
    retries: int = MAX_RETRIES,
    slice_seconds: float = math.inf,
    at_once: int = 1,
) -> Callable[[Callable[..., int]], Task]:
    """Turn `function(**ids) -> rows handled` into a task on `queue`.

    Only `at_once` runs of a job work at a time (database advisory locks, which a killed worker
    drops by itself): one more ends at once with 0 rows, and one of them is followed by another,
    which sees what it was for. A failed run is recorded and tried again with growing pauses. The
    last idle run replaces the one before, so that a job that runs every second stays visible
    without filling the table. `time_limit` is in seconds. A function that takes `progress` gets the
    run's, tells staff with `tell` how far it is, and asks `gives_way` between two pieces of work:
    after `slice_seconds` it should end, and is started again behind the others of its lane.
    """

    def decorate(function: Callable[..., int]) -> Task:
        name = function.__name__

        def run(task: Task, **keywords: Any) -> int:
            _forget_wake(task.name)
            try:
                return _run_in_turn(
                    task, function, keywords, time_limit=time_limit, slice_seconds=slice_seconds
                )
            except Exception as error:
                pause = RETRY_SECONDS * 2**task.request.retries
                raise task.retry(exc=error, countdown=pause, max_retries=retries) from error

        functools.update_wrapper(run, function)
        # The signature seen by Celery is run's own: extra keywords of a newer caller are tolerated
        del run.__wrapped__  # type: ignore[attr-defined]  # set by update_wrapper
        return shared_task(
            bind=True,
            name=f"{function.__module__}.{name}",
            queue=queue,
            acks_late=True,
            reject_on_worker_lost=True,
            time_limit=time_limit + 30,
            soft_time_limit=time_limit,
            at_once=at_once,
        )(run)

    return decorate


def wake(task: Task | Signature) -> None:
    """Start a scheduled job ahead of its turn; without Redis it waits for its turn.

    A hundred calls start it once, until it has begun. The key comes first, also because it fails
    within the breaker's short time-out, while publishing to a hung broker would hold the shopper's
    request for seconds.
    """
    with suppress(RedisUnavailable), redis_breaker.guard() as client:
        if client.set(WOKEN + task.name, 1, nx=True, ex=WOKEN_SECONDS):
            task.delay()


def _forget_wake(name: str) -> None:
    with suppress(RedisUnavailable), redis_breaker.guard() as client:
        client.delete(WOKEN + name)


def _run_in_turn(
    task: Task,
    function: Callable[..., int],
    keywords: dict[str, Any],
    *,
    time_limit: int,
    slice_seconds: float,
) -> int:
    """Run the job in its turn; see to it that it runs again for who came meanwhile."""
    name = function.__name__
    with _take_turn(task) as is_mine:
        progress = None
        if is_mine:
            with record_run(
                name=name,
                queue=task.queue,
                task_id=task.request.id or "",
                attempt=task.request.retries + 1,
                time_limit=time_limit,
            ) as progress:
                progress.slice_ends = time.monotonic() + slice_seconds
                rows = _run(function, keywords, progress)
            if rows == 0:
                replace_idle_runs(name=name, run_id=progress.run_id)
    if progress is None:
        _leave_word(task)
        return 0
    if progress.goes_on or _is_word_left(task):
        wake(task)
    return rows


def _run(function: Callable[..., int], keywords: dict[str, Any], progress: RunProgress) -> int:
    if "progress" in signature(function).parameters:
        keywords = {**keywords, "progress": progress}
    rows = function(**keywords)
    progress.rows = 0  # what it told on its way may have counted something else
    progress.advance(rows)
    return rows


def _leave_word(task: Task) -> None:
    """Have the run that works now followed by another; if it has just ended, start that."""
    with suppress(RedisUnavailable), redis_breaker.guard() as client:
        client.set(CAME + task.name, 1, ex=CAME_SECONDS)
        with _take_turn(task) as has_ended:
            pass
        if has_ended and client.delete(CAME + task.name):
            wake(task)


def _is_word_left(task: Task) -> bool:
    with suppress(RedisUnavailable), redis_breaker.guard() as client:
        return bool(client.delete(CAME + task.name))
    return False


@contextmanager
def _take_turn(task: Task) -> Iterator[bool]:
    """Hold one of the turns of a job for the body, if one is free."""
    name = task.name.rpartition(".")[2]
    turns = [name, *(f"{name} {number}" for number in range(2, task.at_once + 1))]
    with ExitStack() as held:
        yield any(held.enter_context(exclusive(turn)) for turn in turns)


def exclusive_key(name: str) -> tuple[int, int]:
    """Return the two 32-bit numbers of the advisory lock `name`."""
    return 0x6A6F, zlib.crc32(name.encode()) - 2**31


@contextmanager
def exclusive(name: str) -> Iterator[bool]:
    """Hold the advisory lock `name` for the body, if no other connection does; say whether."""
    key = exclusive_key(name)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
        is_mine = bool(cursor.fetchone()[0])
    try:
        yield is_mine
    finally:
        if is_mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)
