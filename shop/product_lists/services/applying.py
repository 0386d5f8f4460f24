"""Take a checked list over, some hundred products at a time, each batch whole or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from shop.product_lists.core.differences import Outcome, Verdict
from shop.product_lists.core.problems import BadList
from shop.product_lists.core.rows import ListedProduct
from shop.product_lists.models import ProductImport, ProductImportRow
from shop.product_lists.pictures import PictureBox, open_box
from shop.product_lists.selectors.reading import ReadList, open_pictures, read_list
from shop.product_lists.services.checking import BATCH, Tell, judge_batch, keep_rows, tidy
from shop.product_lists.services.picturing import add_pictures
from shop.product_lists.services.saving import Saving

State, RowState = ProductImport.State, ProductImportRow.State


def apply_import(import_id: int, *, now: datetime, tell: Tell = lambda done, of: None) -> None:
    """Write the products of a list. Killed at any time, it goes on after the last whole batch.

    Each row is judged again against the shop of this moment: what changed since the dry run is
    not overwritten unseen, it stands in the row's "before".
    """
    item = ProductImport.objects.get(pk=import_id)
    try:
        found = read_list(item)
    except (BadList, OSError):
        problem = {"line": 0, "code": "lost"}
        ProductImport.objects.filter(pk=item.pk).update(state=State.FAILED, problem=problem)
        return
    total = len(found.products)
    with open_box(open_pictures(item)) as box:
        for first in range(item.done, total, BATCH):
            if not _apply_batch(item.pk, found, box, first, now):
                return
            tell(min(first + BATCH, total), total)
    counts = _sum_up(item, found)
    ProductImport.objects.filter(pk=item.pk, state=State.APPLYING).update(
        state=State.DONE, done=total, total=total, counts=counts
    )


@transaction.atomic
def _apply_batch(
    import_id: int, found: ReadList, box: PictureBox, first: int, now: datetime
) -> bool:
    """Write one batch with the rows that tell of it; False where somebody else did it meanwhile."""
    item = ProductImport.objects.select_for_update().get(pk=import_id)
    if item.state != State.APPLYING or item.done != first:
        return False
    batch = found.products[first : first + BATCH]
    shop, judged = judge_batch(found, batch, box)
    groups = range(first, first + len(batch))
    item.rows.filter(group__in=groups).exclude(handle="").delete()
    counts: Counter[str] = Counter()
    saving = Saving(shop, home=found.home)
    for product, verdicts in zip(batch, judged, strict=True):
        _collect(saving, product, verdicts)
    if saving.products:
        ids = saving.save(now=now, reference=f"import {item.pk}")
        add_pictures(batch, judged, box, ids, now)
    for number, verdicts in zip(groups, judged, strict=True):
        keep_rows(item, number, verdicts, counts, RowState.APPLIED)
    item.done, item.total = first + len(batch), len(found.products)
    item.counts = {**item.counts, f"applied {first}": dict(counts)}
    item.save(update_fields=["done", "total", "counts"])
    return True


def _collect(saving: Saving, product: ListedProduct, verdicts: Sequence[Verdict]) -> None:
    for verdict in verdicts:
        if verdict.outcome in (Outcome.REFUSED, Outcome.SAME):
            continue
        if verdict.outcome is Outcome.ADDED and product.handle not in saving.products:
            known = saving.shop.products.get(product.handle)
            if known is None:
                continue
        sku = verdict.row.sku if verdict.row.is_variant else ""
        saving.change(product.handle, sku, verdict.after)


def _sum_up(item: ProductImport, found: ReadList) -> dict[str, int]:
    """Return the counts of all batches together."""
    item.refresh_from_db(fields=["counts"])
    counts: Counter[str] = Counter(read=len(found.rows), refused=len(found.loose))
    for name, part in item.counts.items():
        if name.startswith("applied "):
            counts.update(part)
    return tidy(counts)
