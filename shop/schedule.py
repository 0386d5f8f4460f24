"""The one schedule of the shop, and the two housekeeping jobs of the ground."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from shop.jobs.redis import RedisUnavailable, redis_breaker
from shop.jobs.services import delete_old_runs, mark_hung_runs
from shop.jobs.tasks import job
from shop.kernel.clock import utc_now
from shop.outbox.services import delete_delivered_facts, deliver_facts
from shop.wiring import HANDLERS

KEEP_RUNS = timedelta(days=30)
KEEP_FACTS = timedelta(days=14)


@job(queue="outbox", time_limit=60)
def deliver_outbox() -> int:
    """Deliver due facts to their handlers."""
    return deliver_facts(handlers=HANDLERS, now=utc_now())


def wake_outbox() -> None:
    """Rouse the delivering worker; with Redis down the schedule finds the fact later.

    The ping comes first because it fails within the breaker's short time-out, while publishing
    to a hung broker would hold the shopper's request for seconds.
    """
    with suppress(RedisUnavailable), redis_breaker.guard() as client:
        client.ping()
        deliver_outbox.delay()


@job(queue="outbox", time_limit=60)
def check_runs() -> int:
    """Mark hung runs, delete old runs and delivered facts."""
    now = utc_now()
    hung = mark_hung_runs(now=now)
    old = delete_old_runs(before=now - KEEP_RUNS, keep_names=("import_journey",))
    return hung + old + delete_delivered_facts(before=now - KEEP_FACTS)
