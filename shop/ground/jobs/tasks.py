"""The one way a Celery task is written here: recorded, exclusive, time-limited, retried."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from inspect import signature
from typing import Any

from celery import Signature, Task, shared_task
from django.db import connection

from shop.ground.jobs.redis import RedisUnavailable, redis_breaker
from shop.ground.jobs.services import record_run, replace_idle_runs

RETRY_SECONDS = 10
MAX_RETRIES = 3
# While one start is on its way others are not needed: it takes in what they were for, too.
WOKEN = "fairtag:woken:"
WOKEN_SECONDS = 60


def job(
    *, queue: str, time_limit: int = 300, retries: int = MAX_RETRIES
) -> Callable[[Callable[..., int]], Task]:
    """Turn `function(**ids) -> rows handled` into a task on `queue`.

    Only one run of a job works at a time (a database advisory lock, which a killed worker drops
    by itself): a second one ends at once with 0 rows. A failed run is recorded and tried again
    with growing pauses. The last idle run replaces the one before, so that a job that runs every
    second stays visible without filling the table. `time_limit` is in seconds. A function that
    takes `progress` gets the run's, and tells staff with `tell` how far it is.
    """

    def decorate(function: Callable[..., int]) -> Task:
        name = function.__name__

        def run(task: Task, **keywords: Any) -> int:
            _forget_wake(task.name)
            try:
                return _run_recorded(task, function, keywords, queue=queue, time_limit=time_limit)
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


def _run_recorded(
    task: Task,
    function: Callable[..., int],
    keywords: dict[str, Any],
    *,
    queue: str,
    time_limit: int,
) -> int:
    name = function.__name__
    with _exclusive(name) as is_mine:
        if not is_mine:
            return 0
        with record_run(
            name=name,
            queue=queue,
            task_id=task.request.id or "",
            attempt=task.request.retries + 1,
            time_limit=time_limit,
        ) as progress:
            if "progress" in signature(function).parameters:
                keywords = {**keywords, "progress": progress}
            rows = function(**keywords)
            progress.rows = 0  # what it told on its way may have counted something else
            progress.advance(rows)
        if rows == 0:
            replace_idle_runs(name=name, run_id=progress.run_id)
        return rows


def exclusive_key(name: str) -> tuple[int, int]:
    """Return the two 32-bit numbers of the advisory lock of job `name`."""
    return 0x6A6F, zlib.crc32(name.encode()) - 2**31


@contextmanager
def _exclusive(name: str) -> Iterator[bool]:
    """Hold the advisory lock of job `name` for the body, if nobody else does."""
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
