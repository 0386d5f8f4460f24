"""Take a checked list over, batch by batch, each whole or not at all; and take it back."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from shop.doors.product_lists.core.problems import BadList
from shop.doors.product_lists.models import ProductImport, ProductImportRow
from shop.doors.product_lists.pictures import PictureBox, open_box
from shop.doors.product_lists.selectors.reading import ReadList, open_pictures
from shop.doors.product_lists.services.checking import BATCH, keep_rows, tidy
from shop.doors.product_lists.services.kinds import ListWorker, Tell

State, RowState = ProductImport.State, ProductImportRow.State


def apply_import(
    import_id: int, *, worker: ListWorker, now: datetime, tell: Tell = lambda done, of: None
) -> None:
    """Write what a list says. Killed at any time, it goes on after the last whole batch.

    Each row is judged again against the shop of this moment: what changed since the dry run is
    not overwritten unseen, it stands in the row's "before".
    """
    item = ProductImport.objects.get(pk=import_id)
    try:
        found = worker.read(item)
    except (BadList, OSError):
        problem = {"line": 0, "code": "lost"}
        ProductImport.objects.filter(pk=item.pk).update(state=State.FAILED, problem=problem)
        return
    total = len(found.groups)
    with open_box(open_pictures(item)) as box:
        for first in range(item.done, total, BATCH):
            if not _apply_batch(item.pk, worker, found, box, first=first, now=now):
                return
            tell(min(first + BATCH, total), total)
    counts = _sum_up(item, found)
    ProductImport.objects.filter(pk=item.pk, state=State.APPLYING).update(
        state=State.DONE, done=total, total=total, counts=counts
    )
    worker.finish(item)


@transaction.atomic
def _apply_batch(
    import_id: int,
    worker: ListWorker,
    found: ReadList,
    box: PictureBox,
    *,
    first: int,
    now: datetime,
) -> bool:
    """Write one batch with the rows that tell of it; False where somebody else did it meanwhile."""
    item = ProductImport.objects.select_for_update().get(pk=import_id)
    if item.state != State.APPLYING or item.done != first:
        return False
    batch = found.groups[first : first + BATCH]
    known, judged = worker.judge(found, batch, box)
    groups = range(first, first + len(batch))
    item.rows.filter(group__in=groups).exclude(handle="", email="").delete()
    counts: Counter[str] = Counter()
    worker.write(item, batch, known, judged, box=box, now=now)
    for number, verdicts in zip(groups, judged, strict=True):
        keep_rows(item, number, verdicts, counts, RowState.APPLIED)
    item.done, item.total = first + len(batch), len(found.groups)
    item.counts = {**item.counts, f"applied {first}": dict(counts)}
    item.save(update_fields=["done", "total", "counts"])
    return True


def _sum_up(item: ProductImport, found: ReadList) -> dict[str, int]:
    """Return the counts of all batches together."""
    item.refresh_from_db(fields=["counts"])
    counts: Counter[str] = Counter(read=len(found.rows), refused=len(found.loose))
    for name, part in item.counts.items():
        if name.startswith("applied "):
            counts.update(part)
    return tidy(counts)


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
