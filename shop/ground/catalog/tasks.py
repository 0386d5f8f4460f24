"""Work on the catalogue that no request waits for."""

from __future__ import annotations

from shop.ground.catalog.services.pictures import make_pending_pictures
from shop.ground.jobs.services import RunProgress
from shop.ground.jobs.tasks import job
from shop.ground.kernel.clock import utc_now


@job(queue="pictures", time_limit=300, slice_seconds=1.0)
def make_pictures(*, progress: RunProgress) -> int:
    """Make the files of uploaded pictures that wait, and remove uploads that nobody waits for."""
    return make_pending_pictures(now=utc_now(), gives_way=progress.gives_way)
