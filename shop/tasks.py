"""Housekeeping jobs of the ground. When they run is in `shop/schedule.py`."""

from __future__ import annotations

from datetime import timedelta

from shop.ground.catalog.services import refresh_search, spell_search_words
from shop.ground.jobs.services import RunProgress, delete_old_runs, mark_hung_runs
from shop.ground.jobs.tasks import job
from shop.ground.kernel.clock import utc_now
from shop.ground.outbox.services import delete_delivered_facts, deliver_facts
from shop.wiring import HANDLERS

KEEP_RUNS = timedelta(days=30)
KEEP_FACTS = timedelta(days=14)


@job(queue="live", time_limit=60, slice_seconds=1.0)
def deliver_outbox(*, progress: RunProgress) -> int:
    """Deliver due facts to their handlers."""
    return deliver_facts(handlers=HANDLERS, now=utc_now(), gives_way=progress.gives_way)


@job(queue="live", time_limit=60)
def check_runs() -> int:
    """Mark hung runs, delete old runs and delivered facts."""
    now = utc_now()
    hung = mark_hung_runs(now=now)
    old = delete_old_runs(before=now - KEEP_RUNS, keep_names=("import_journey", "simulate_traffic"))
    return hung + old + delete_delivered_facts(before=now - KEEP_FACTS)


@job(queue="interactive", time_limit=300)
def index_catalog() -> int:
    """Bring search up to date with products and synonyms whose words staff changed."""
    return refresh_search() + spell_search_words()
