"""Take back what an import did, row by row, unless somebody changed or sold it since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from orders.selectors.sold import list_ordered_since
from pricing.selectors.places import home_place
from shop.catalog.selectors import get_market
from shop.catalog.selectors.markets import list_currencies
from shop.product_lists.core.cells import Value
from shop.product_lists.core.differences import Outcome, Snapshot
from shop.product_lists.core.problems import Problem
from shop.product_lists.models import ProductImport, ProductImportRow
from shop.product_lists.selectors.imports import say_value
from shop.product_lists.selectors.snapshots import Shop, read_shop, take_snapshot
from shop.product_lists.services.checking import Tell
from shop.product_lists.services.picturing import remove_pictures
from shop.product_lists.services.saving import Saving

State, RowState = ProductImport.State, ProductImportRow.State
BATCH = 200
# Not restored as values: names of categories stay, pictures are taken off.
STAYS = ("category_zh", "pictures")


def undo_import(import_id: int, *, now: datetime, tell: Tell = lambda done, of: None) -> None:
    """Restore what an import changed and archive what it made. Killed, it goes on where it was."""
    item = ProductImport.objects.get(pk=import_id)
    done = item.done
    while True:
        handled = _undo_batch(import_id, now)
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
def _undo_batch(import_id: int, now: datetime) -> int | None:
    """Undo the next rows; return how many were handled, None where somebody else does it."""
    item = ProductImport.objects.select_for_update().get(pk=import_id)
    if item.state != State.UNDOING:
        return None
    rows = list(item.rows.filter(state=RowState.APPLIED).order_by("line")[:BATCH])
    if not rows:
        return 0
    home = home_place()[0]
    shop = read_shop({row.handle for row in rows})
    currency = get_market(home).currency
    snapshot = take_snapshot(shop, currency=currency)
    sold = _list_sold(rows, shop, item)
    saving = Saving(shop, home=home)
    for row in rows:
        reason = _find_reason(row, snapshot, sold, currency)
        if reason is None:
            _take_back(saving, row)
        row.state = RowState.UNDONE if reason is None else RowState.KEPT
        row.kept_because = asdict(reason) if reason else {}
    if saving.products:
        saving.save(now=now, reference=f"undo import {item.pk}")
    remove_pictures([row for row in rows if row.state == RowState.UNDONE])
    ProductImportRow.objects.bulk_update(rows, ["state", "kept_because"])
    item.done += len(rows)
    item.save(update_fields=["done"])
    return len(rows)


def _list_sold(rows: Sequence[ProductImportRow], shop: Shop, item: ProductImport) -> set[str]:
    """Return SKUs that were ordered since the list was taken over. One query."""
    ids = {
        product.variant_ids[row.sku]: row.sku
        for row in rows
        if (product := shop.products.get(row.handle)) and row.sku in product.variant_ids
    }
    ordered = list_ordered_since(list(ids), item.applied_at or item.created_at)
    return {ids[one] for one in ordered}


def _find_reason(
    row: ProductImportRow, snapshot: Snapshot, sold: set[str], currency: str
) -> Problem | None:
    """Return why a row cannot be taken back."""
    if row.sku in sold:
        return Problem(row.line, "sold_since", "", row.sku)
    known = snapshot.variants.get(row.sku)
    shared = snapshot.products.get(row.handle)
    if shared is None or (row.sku and known is None):
        return Problem(row.line, "gone", "", row.sku or row.handle)
    has: dict[str, Value] = dict(shared)
    if known is not None:
        prices = {f"price[{market}]": one for market, one in known.prices.items()}
        has |= {**known.values, "options": dict(known.options), **prices}
    for name, value in row.after.items():
        if name not in STAYS and has.get(name) != value:
            said = say_value(name, has.get(name), currency, list_currencies())
            return Problem(row.line, "changed_since", name, said)
    return None


def _take_back(saving: Saving, row: ProductImportRow) -> None:
    if row.outcome == Outcome.NEW:
        saving.change(row.handle, row.sku, {"archived": True})
        return
    before = {name: value for name, value in row.before.items() if name not in STAYS}
    saving.change(row.handle, row.sku, before)
