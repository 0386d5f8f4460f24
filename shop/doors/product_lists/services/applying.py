"""Take a checked list over, batch by batch, each whole or not at all; and take it back."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from shop.doors.product_lists.core.columns import is_price
from shop.doors.product_lists.core.differences import Outcome, Verdict
from shop.doors.product_lists.core.doubts import STALE, look_at_prices
from shop.doors.product_lists.core.problems import BadList
from shop.doors.product_lists.models import ProductImport, ProductImportRow
from shop.doors.product_lists.pictures import PictureBox, open_box
from shop.doors.product_lists.selectors.imports import ReadList, open_pictures
from shop.doors.product_lists.services.checking import (
    BATCH,
    GivesWay,
    Judged,
    ListWorker,
    Tell,
    keep_rows,
    never,
    tidy,
)

State, RowState = ProductImport.State, ProductImportRow.State


def apply_import(
    import_id: int,
    *,
    worker: ListWorker,
    now: datetime,
    tell: Tell = lambda done, of: None,
    gives_way: GivesWay = never,
) -> None:
    """Write what a list says. Killed at any time, it goes on after the last whole batch.

    Each row is judged again against the shop of this moment. If prices changed since the check,
    nothing is written: the list has to be checked again. Other values that changed stand in the
    row's "before". A price that changes between two batches is left as it is, its row refused.
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
        if _is_stale(item, worker, found, box):
            _send_back(item)
            return
        for first in range(item.done, total, BATCH):
            if not _apply_batch(item.pk, worker, found, box, first=first, now=now):
                return
            tell(min(first + BATCH, total), total)
            if gives_way() and first + BATCH < total:
                return
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
    worker.hold(batch)
    known, judged = worker.judge(found, batch, box)
    groups = range(first, first + len(batch))
    stale = _find_stale(item, groups, judged)
    if stale and first == 0:
        _send_back(item)
        return False
    judged = [[_refuse(one, stale) for one in verdicts] for verdicts in judged]
    item.rows.filter(group__in=groups).exclude(handle="", email="").delete()
    counts: Counter[str] = Counter()
    worker.write(item, batch, known, judged, box=box, now=now)
    for number, verdicts in zip(groups, judged, strict=True):
        keep_rows(item, number, verdicts, counts, RowState.APPLIED)
    item.done, item.total = first + len(batch), len(found.groups)
    item.counts = {**item.counts, f"applied {first}": dict(counts)}
    item.save(update_fields=["done", "total", "counts"])
    return True


def _is_stale(item: ProductImport, worker: ListWorker, found: ReadList, box: PictureBox) -> bool:
    """Whether prices of any batch changed since the check, before the first one is written.

    A list of one batch is compared when it is written.
    """
    total = len(found.groups)
    if item.done or total <= BATCH or not any(map(is_price, item.fields)):
        return False
    for first in range(0, total, BATCH):
        # Judging notes on the rows what it finds; it is done once more when they are written.
        batch = deepcopy(found.groups[first : first + BATCH])
        _known, judged = worker.judge(found, batch, box)
        if _find_stale(item, range(first, first + len(batch)), judged):
            return True
    return False


def _find_stale(item: ProductImport, groups: range, judged: Judged) -> set[int]:
    """Return the lines whose prices are no longer as the check showed them. One query."""
    planned = item.rows.filter(group__in=groups, state=RowState.PLANNED)
    shown = {
        line: look_at_prices(before, after, [one["code"] for one in problems])
        for line, before, after, problems in planned.values_list(
            "line", "before", "after", "problems"
        )
    }
    nothing = look_at_prices({}, {}, [])
    return {
        one.row.line
        for verdicts in judged
        for one in verdicts
        if one.outcome is not Outcome.REFUSED
        and shown.get(one.row.line, nothing)
        != look_at_prices(one.before, one.after, [each.code for each in one.row.warnings])
    }


def _send_back(item: ProductImport) -> None:
    """Have a list checked again before it is taken over: nothing of it is written."""
    ProductImport.objects.filter(pk=item.pk, state=State.APPLYING, done=0).update(
        state=State.CHECKED, applied_at=None, counts={**item.counts, STALE: 1}
    )


def _refuse(verdict: Verdict, stale: set[int]) -> Verdict:
    """Refuse a row whose price changed since the check, unless it has nothing to change now."""
    if verdict.row.line not in stale or verdict.outcome is Outcome.SAME:
        return verdict
    verdict.row.note("price_since")
    return Verdict(verdict.row, Outcome.REFUSED)


def _sum_up(item: ProductImport, found: ReadList) -> dict[str, int]:
    """Return the counts of all batches together."""
    item.refresh_from_db(fields=["counts"])
    counts: Counter[str] = Counter(read=len(found.rows), refused=len(found.loose))
    for name, part in item.counts.items():
        if name.startswith("applied "):
            counts.update(part)
    return tidy(counts)


def undo_import(
    import_id: int,
    *,
    worker: ListWorker,
    now: datetime,
    tell: Tell = lambda done, of: None,
    gives_way: GivesWay = never,
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
        if gives_way():
            return
    _end_undoing(item)


def _end_undoing(item: ProductImport) -> None:
    """Say what was taken back. If nothing could be, the list stays taken over: undo it again."""
    undone = item.rows.filter(state=RowState.UNDONE).count()
    kept = item.rows.filter(state=RowState.KEPT).count()
    is_undone = undone > 0 or kept == 0
    ended = ProductImport.objects.filter(pk=item.pk, state=State.UNDOING)
    ended.update(
        state=State.UNDONE if is_undone else State.DONE,
        done=item.total,
        counts={**item.counts, "undone": undone, "kept": kept},
        **({} if is_undone else {"undone_at": None, "undone_by": None}),
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
