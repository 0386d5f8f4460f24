"""Jobs of lists of customers."""

from __future__ import annotations

from shop.doors.customer_lists.services import CustomerLists, forget_lists
from shop.doors.product_lists.api import work_on_imports
from shop.ground.jobs.services import RunProgress
from shop.ground.jobs.tasks import job
from shop.ground.kernel.clock import utc_now


@job(queue="interactive", time_limit=900, slice_seconds=1.0)
def work_on_customer_lists(*, progress: RunProgress) -> int:
    """Check lists of customers that staff uploaded, take them over, take them back."""
    return work_on_imports(
        clock=utc_now,
        tell=progress.tell,
        gives_way=progress.gives_way,
        worker=CustomerLists(utc_now()),
    )


@job(queue="bulk", time_limit=300)
def forget_customer_lists(*, progress: RunProgress) -> int:
    """Delete files and rows of lists of customers after 30 days."""
    return forget_lists(now=utc_now())
