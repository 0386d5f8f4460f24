"""Ten thousand stored decisions made again, bit for bit."""

from __future__ import annotations

import time
from datetime import timedelta

from django.db import connection

from pricing.api import drain_quotes, quote_variants, replay_quotes
from shop.ground.kernel.clock import utc_now
from tests.benchmarks.measure import Figures
from tests.benchmarks.shopping import choose_errand, list_households, quote_context

DECISIONS = 10_000
HOUSEHOLDS = 2_000
PAGE = 48
LOOK_BACK = timedelta(days=400)
TARGETS = {
    "replayed_decisions": (">=", float(DECISIONS)),
    "replay_differing": ("<=", 0.0),
    "replay_versions_gone": ("<=", 0.0),
}


def measure() -> Figures:
    """Return how many of the newest stored decisions came out the same, and the time it took.

    A shop that has stored too few is asked for more first: households at random look at the page
    of best-sellers, so that decisions with and without signals and in both arms are among them.
    """
    made = fill_up()
    now, begun = utc_now(), time.perf_counter()
    report = replay_quotes(since=now - LOOK_BACK, until=now, most=DECISIONS)
    seconds = time.perf_counter() - begun
    return {
        "replayed_decisions": report.checked,
        "replay_made_for_it": made,
        "replay_differing": len(report.differing),
        "replay_versions_gone": len(report.lost),
        "replay_seconds": round(seconds, 2),
        "replay_decisions_per_second": round(report.checked / seconds),
    }


def fill_up() -> int:
    """Store decisions until there are DECISIONS of them; return how many were added."""
    before = _count_decisions()
    page = choose_errand().variant_ids[:PAGE]
    for number, pseudonym in enumerate(list_households(HOUSEHOLDS)):
        if number % 50 == 0:
            drain_quotes()
            if _count_decisions() >= DECISIONS:
                break
        quote_variants(context=quote_context(pseudonym), variant_ids=page)
    drain_quotes()
    return _count_decisions() - before


def _count_decisions() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pricing_quote WHERE is_complete AND inputs <> '{}'")
        return int(cursor.fetchone()[0])
