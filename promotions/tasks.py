"""Jobs of the promotions."""

from __future__ import annotations

from promotions.services import release_expired
from shop.jobs.tasks import job
from shop.kernel.clock import utc_now


@job(queue="recompute", time_limit=60)
def give_back_expired_holds() -> int:
    """Give back uses and budgets of holds that ran out; until then they are only not counted."""
    return release_expired(now=utc_now())
