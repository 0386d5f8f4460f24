"""What a worker does for imports: check, take over, take back, whatever was asked first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from shop.product_lists.models import ProductImport
from shop.product_lists.services.applying import apply_import
from shop.product_lists.services.checking import Tell, check_import
from shop.product_lists.services.undoing import undo_import

State = ProductImport.State


def work_on_imports(*, clock: Callable[[], datetime], tell: Tell) -> int:
    """Work on every import that waits for a worker, the oldest first; return how many.

    Each step goes on where a killed worker left it.
    """
    worked = 0
    while (found := _find_next()) is not None:
        import_id, state = found
        work_on_import(import_id, state=state, now=clock(), tell=tell)
        worked += 1
    return worked


def work_on_import(import_id: int, *, state: str, now: datetime, tell: Tell) -> None:
    """Do the step that an import waits for."""
    if state == State.CHECKING:
        check_import(import_id, tell=tell)
    elif state == State.APPLYING:
        apply_import(import_id, now=now, tell=tell)
    else:
        undo_import(import_id, now=now, tell=tell)


def _find_next() -> tuple[int, str] | None:
    waiting = (State.CHECKING, State.APPLYING, State.UNDOING)
    asked = ProductImport.objects.filter(state__in=waiting).order_by("id")
    return asked.values_list("pk", "state").first()
