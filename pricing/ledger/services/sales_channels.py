"""Do a job for every place; one that fails does not stop the others."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from celery.exceptions import SoftTimeLimitExceeded

from pricing.ledger.selectors.sales_channels import SalesChannel, list_places

logger = logging.getLogger(__name__)


def run_everywhere(run: Callable[..., int]) -> int:
    """Call `run(market=..., channel=...)` for every place that has prices; return the sum.

    Every place has its turn. Then what failed is raised, with its place in a note; several failures
    as one group. `run` must be idempotent: a failed job reruns for every sales channel.
    """
    return _run_all(list_places(), run)


def run_in_markets(run: Callable[..., int]) -> int:
    """Call `run(market=...)` for every market that has prices, as `run_everywhere` does."""
    markets = dict.fromkeys(market for market, _ in list_places())
    return _run_all([(market, "") for market in markets], run)


def _run_all(places: Iterable[SalesChannel], run: Callable[..., int]) -> int:
    total = 0
    failures: list[Exception] = []
    for market, channel in places:
        named = {"market": market} | ({"channel": channel} if channel else {})
        try:
            total += run(**named)
        except SoftTimeLimitExceeded:  # the whole job's time is over, not this place's
            raise
        except Exception as error:  # noqa: BLE001 - whatever ails one place, the others go on
            where = f"{market}/{channel}" if channel else market
            error.add_note(f"in {where}")
            logger.warning("a job failed in %s: %s", where, error)
            failures.append(error)
    if len(failures) == 1:
        raise failures[0]
    if failures:
        raise ExceptionGroup("a job failed in several places", failures)
    return total
