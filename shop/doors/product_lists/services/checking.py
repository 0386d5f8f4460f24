"""The dry run: what each row would do, kept for staff to read. Nothing of the shop changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Protocol

from django.db import transaction

from pricing.publishing.core.values import DOUBTS
from shop.doors.product_lists.core.columns import ListKind
from shop.doors.product_lists.core.differences import Outcome, Verdict
from shop.doors.product_lists.core.problems import BadList, Problem
from shop.doors.product_lists.core.rows import ListedProduct, ListRow
from shop.doors.product_lists.models import ProductImport, ProductImportRow
from shop.doors.product_lists.pictures import PictureBox, open_box
from shop.doors.product_lists.selectors.imports import ReadList, open_pictures

# The interface of a kind of list. The steps around it are the same for all kinds.

type Tell = Callable[[int, int], None]
type GivesWay = Callable[[], bool]
type Judged = Sequence[Sequence[Verdict]]


def never() -> bool:
    """Work to the end, whoever waits."""
    return False


class ListWorker(Protocol):
    """Reads, judges, writes and takes back the rows of one kind of list."""

    kind: ListKind

    def read(self, item: ProductImport) -> ReadList:
        """Return the rows of an import's file. Raises BadList."""

    def hold(self, batch: Sequence[ListedProduct]) -> None:
        """Keep others from changing prices of a batch until the caller's transaction ends."""

    def judge(
        self, found: ReadList, batch: Sequence[ListedProduct], box: PictureBox
    ) -> tuple[Any, Judged]:
        """Return what the shop has of a batch, and what becomes of the rows of each group."""

    def write(
        self,
        item: ProductImport,
        batch: Sequence[ListedProduct],
        known: Any,
        judged: Judged,
        *,
        box: PictureBox,
        now: datetime,
    ) -> None:
        """Write what was judged, in the caller's transaction."""

    def take_back(
        self, item: ProductImport, rows: Sequence[ProductImportRow], now: datetime
    ) -> list[Problem | None]:
        """Restore what rows changed; return, for each, why it is kept, or None."""

    def finish(self, item: ProductImport) -> None:
        """Do what is left to do with the file once it is taken over."""


BATCH = 200
# Of a check that goes on: how many groups were checked.
BEGUN = "checked so far"
State = ProductImport.State


def check_import(
    import_id: int,
    *,
    worker: ListWorker,
    tell: Tell = lambda done, of: None,
    gives_way: GivesWay = never,
) -> None:
    """Check every row of an import; killed at any time, it goes on after the last whole batch."""
    item = ProductImport.objects.get(pk=import_id)
    try:
        found = worker.read(item)
    except (BadList, OSError) as error:
        problem = error.problem if isinstance(error, BadList) else None
        kept = asdict(problem) if problem else {"line": 0, "code": "lost"}
        _finish(item, state=State.FAILED, problem=kept)
        return
    counts = Counter(item.counts or {"read": len(found.rows)})
    start = counts[BEGUN]
    item.rows.filter(group__gte=start).delete()
    with open_box(open_pictures(item)) as box:
        if not start:
            keep_rows(item, -1, [Verdict(row, Outcome.REFUSED) for row in found.loose], counts)
        done = len(found.loose) + sum(len(one.rows) for one in found.groups[:start])
        for first in range(start, len(found.groups), BATCH):
            batch = found.groups[first : first + BATCH]
            _known, judged = worker.judge(found, batch, box)
            for number, verdicts in enumerate(judged, start=first):
                keep_rows(item, number, verdicts, counts)
            done += sum(len(one.rows) for one in batch)
            counts[BEGUN] = first + len(batch)
            # Other columns chosen meanwhile begin at nothing again: this check is over.
            going = ProductImport.objects.filter(pk=item.pk, state=State.CHECKING, done=item.done)
            if not going.update(done=done, counts=dict(counts)):
                return
            item.done = done
            tell(done, len(found.rows))
            if gives_way() and counts[BEGUN] < len(found.groups):
                return
    del counts[BEGUN]
    _finish(item, state=State.CHECKED, done=done, total=len(found.rows), counts=tidy(counts))


def _finish(item: ProductImport, **given: object) -> None:
    ProductImport.objects.filter(pk=item.pk, state=State.CHECKING).update(**given)


def keep_rows(
    item: ProductImport,
    group: int,
    verdicts: Sequence[Verdict],
    counts: Counter[str],
    state: str = ProductImportRow.State.PLANNED,
) -> None:
    """Count what becomes of rows, and keep those that change something or are told of."""
    kept = []
    for verdict in verdicts:
        row = verdict.row
        counts[verdict.outcome.value] += 1
        counts["warnings"] += len(row.warnings)
        is_new = verdict.outcome is Outcome.NEW
        if item.kind == item.Kind.PRODUCTS:
            counts["without_stock"] += is_new and not verdict.after.get("stock")
            counts.update(one.code for one in row.warnings if one.code in DOUBTS)
        if verdict.outcome is Outcome.SAME and not row.warnings:
            continue
        does_nothing = verdict.outcome in (Outcome.REFUSED, Outcome.SAME)
        kept.append(
            ProductImportRow(
                product_import=item,
                group=max(group, 0),
                line=row.line,
                handle=row.handle[:64],
                sku=row.sku[:40],
                email=str(row.values.get("email") or ""),
                outcome=verdict.outcome.value,
                before=dict(verdict.before),
                after=dict(verdict.after),
                problems=[asdict(one) for one in list_problems(row)],
                state=ProductImportRow.State.PLANNED if does_nothing else state,
            )
        )
    with transaction.atomic():
        ProductImportRow.objects.bulk_create(kept)


def list_problems(row: ListRow) -> Iterator[Problem]:
    """Yield problems and warnings of a row."""
    yield from row.problems
    yield from row.warnings


def tidy(counts: Counter[str]) -> dict[str, int]:
    """Return counts with every outcome named, also where there is none of it."""
    return {**{one.value: 0 for one in Outcome}, "read": 0, **dict(counts)}
