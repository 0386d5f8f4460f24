"""Jobs of the staff's pages: what takes longer than a request should."""

from __future__ import annotations

from shop.doors.backoffice.campaigns.checks import answer_checks
from shop.ground.jobs.services import RunProgress
from shop.ground.jobs.tasks import job


@job(queue="recompute", time_limit=900)
def answer_campaign_checks(*, progress: RunProgress) -> int:
    """Answer what staff asked of campaigns: rehearsals, and what the law says."""
    return answer_checks(on_progress=progress.tell)
