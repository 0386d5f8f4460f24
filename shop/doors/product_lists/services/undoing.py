"""Take back what an import did, row by row, unless somebody changed or sold it since."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from shop.doors.product_lists.models import ProductImport, ProductImportRow
from shop.doors.product_lists.services.kinds import ListWorker, Tell

State, RowState = ProductImport.State, ProductImportRow.State
BATCH = 200


def undo_import(
    import_id: int, *, worker: ListWorker, now: datetime, tell: Tell = lambda done, of: None
) -> None:
    """Restore what an import changed and take back what it made. Killed, it goes on."""
    item = ProductImport.objects.get(pk=import_id)
    done = item.done
    while True:
        handled = _undo_batch(import_id, worker, now)
        if handled is None:
            return
        if not handled:
            break
        done += handled
        tell(done, item.total)
    rows = ProductImportRow.objects.filter(product_import_id=import_id)
    counts = {
        **item.counts,
        "undone": rows.filter(state=RowState.UNDONE).count(),
        "kept": rows.filter(state=RowState.KEPT).count(),
    }
    ProductImport.objects.filter(pk=import_id, state=State.UNDOING).update(
        state=State.UNDONE, done=item.total, counts=counts
    )


@transaction.atomic
def _undo_batch(import_id: int, worker: ListWorker, now: datetime) -> int | None:
    """Undo the next rows; return how many were handled, None where somebody else does it."""
    item = ProductImport.objects.select_for_update().get(pk=import_id)
    if item.state != State.UNDOING:
        return None
    rows = list(item.rows.filter(state=RowState.APPLIED).order_by("line")[:BATCH])
    if not rows:
        return 0
    for row, reason in zip(rows, worker.take_back(item, rows, now), strict=True):
        row.state = RowState.UNDONE if reason is None else RowState.KEPT
        row.kept_because = asdict(reason) if reason else {}
    ProductImportRow.objects.bulk_update(rows, ["state", "kept_because"])
    item.done += len(rows)
    item.save(update_fields=["done"])
    return len(rows)
