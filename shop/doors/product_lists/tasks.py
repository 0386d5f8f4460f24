"""Jobs of lists of products."""

from __future__ import annotations

from shop.doors.product_lists.services.forgetting import delete_old_files
from shop.doors.product_lists.services.working import work_on_imports
from shop.ground.jobs.services import RunProgress
from shop.ground.jobs.tasks import job
from shop.ground.kernel.clock import utc_now


@job(queue="interactive", time_limit=900, slice_seconds=1.0)
def work_on_product_lists(*, progress: RunProgress) -> int:
    """Check lists that staff uploaded, take them over, take them back."""
    return work_on_imports(clock=utc_now, tell=progress.tell, gives_way=progress.gives_way)


@job(queue="bulk", time_limit=300)
def delete_old_lists() -> int:
    """Delete files of lists that were taken over, undone or left alone a month ago."""
    return delete_old_files(now=utc_now())
