"""Worker steps of imports: check, apply, undo, in the order requested."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from shop.doors.product_lists.models import ProductImport
from shop.doors.product_lists.services.applying import apply_import, undo_import
from shop.doors.product_lists.services.checking import (
    GivesWay,
    ListWorker,
    Tell,
    check_import,
    never,
)
from shop.doors.product_lists.services.products import ProductLists

State = ProductImport.State
PRODUCT_LISTS = ProductLists()


def work_on_imports(
    *,
    clock: Callable[[], datetime],
    tell: Tell,
    gives_way: GivesWay = never,
    worker: ListWorker = PRODUCT_LISTS,
) -> int:
    """Work on every import of a kind that waits for a worker, the oldest first, until it
    `gives_way` between two batches; return how many.

    Each step goes on where this or a killed worker left it.
    """
    worked = 0
    while (found := _find_next(worker)) is not None:
        import_id, state = found
        work_on_import(
            import_id, state=state, now=clock(), tell=tell, gives_way=gives_way, worker=worker
        )
        worked += 1
        if gives_way():
            break
    return worked


def work_on_import(
    import_id: int,
    *,
    state: str,
    now: datetime,
    tell: Tell,
    gives_way: GivesWay = never,
    worker: ListWorker = PRODUCT_LISTS,
) -> None:
    """Do the step that an import waits for."""
    if state == State.CHECKING:
        check_import(import_id, worker=worker, tell=tell, gives_way=gives_way)
    elif state == State.APPLYING:
        apply_import(import_id, worker=worker, now=now, tell=tell, gives_way=gives_way)
    else:
        undo_import(import_id, worker=worker, now=now, tell=tell, gives_way=gives_way)


def _find_next(worker: ListWorker) -> tuple[int, str] | None:
    waiting = (State.CHECKING, State.APPLYING, State.UNDOING)
    asked = ProductImport.objects.filter(state__in=waiting, kind=worker.kind.code).order_by("id")
    return asked.values_list("pk", "state").first()
