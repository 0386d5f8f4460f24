"""Jobs of the staff's pages: what takes longer than a request should."""

from __future__ import annotations

from promotions.release.api import ask_law_of_running
from shop.doors.backoffice.campaigns.checks import answer_checks
from shop.ground.jobs.services import RunProgress
from shop.ground.jobs.tasks import job, wake
from shop.ground.kernel.clock import utc_now


@job(queue="interactive", time_limit=900, slice_seconds=1.0, at_once=2)
def answer_campaign_checks(*, progress: RunProgress) -> int:
    """Answer what the law says of campaigns, then try them on recorded carts."""
    return answer_checks(
        on_progress=progress.tell,
        gives_way=progress.gives_way,
        ask_another=lambda: wake(answer_campaign_checks),
    )


@job(queue="bulk", time_limit=60)
def check_running_campaigns() -> int:
    """Ask what the law says of each live campaign; the first page of staff tells what is broken."""
    return ask_law_of_running(now=utc_now())
