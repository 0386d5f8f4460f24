"""Change many products at once: an import made of them, with its dry run and its undo."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from shop.doors.product_lists.core.cells import write_cell
from shop.doors.product_lists.core.columns import BY_NAME
from shop.doors.product_lists.core.doubts import count_doubtful
from shop.doors.product_lists.core.many import (
    ListedVariant,
    ManyChange,
    What,
    restore_change,
    write_many,
)
from shop.doors.product_lists.core.problems import BadList, Problem
from shop.doors.product_lists.models import ProductImport
from shop.doors.product_lists.selectors.imports import open_sheet
from shop.doors.product_lists.sentences import say_problem
from shop.doors.product_lists.services.checking import check_import
from shop.doors.product_lists.services.products import ProductLists
from shop.doors.product_lists.services.uploading import (
    ListRefused,
    choose_columns,
    keep_list,
    receive_list,
    start_applying,
)
from shop.doors.product_lists.words import name_change
from shop.ground.catalog.selectors.stored import list_home_prices, list_refs, read_products
from shop.ground.kernel.sheets import sheet_lines


def start_many(
    change: ManyChange,
    product_ids: Collection[int],
    *,
    currency: str,
    by_id: int,
    now: datetime,
) -> int:
    """Make the list of a change, have it checked, and return the import. Nothing is changed yet.

    Six queries and those of an upload. Raises ListRefused.
    """
    products = read_products(list_refs(product_ids))
    variants = [
        ListedVariant(row.sku, row.list_minor)
        for product in products.values()
        for row in product.row.variants
    ]
    rows = _write_list(change, variants, currency)
    change = replace(change, products=len(products))
    import_id = receive_list(
        file_name=name_change(change),
        content=_encode(rows),
        change=asdict(change),
        by_id=by_id,
        now=now,
    )
    choose_columns(import_id=import_id, fields=rows[0])
    return import_id


@transaction.atomic
def ask_for_prices(
    prices: Mapping[str, int], *, currency: str, reason: str, by_id: int, now: datetime
) -> int:
    """Ask a second person for prices below cost, by SKU in minor units; return their list.

    Raises ListRefused.
    """
    rows = [["sku", "price"]]
    rows += [[sku, write_cell(one, BY_NAME["price"], currency)] for sku, one in prices.items()]
    change = ManyChange(What.PRICES, products=len(prices))
    import_id = receive_list(
        file_name=name_change(change),
        content=_encode(rows),
        change=asdict(change),
        by_id=by_id,
        now=now,
    )
    choose_columns(import_id=import_id, fields=rows[0])
    check_import(import_id, worker=ProductLists())
    counts = ProductImport.objects.values_list("counts", flat=True).get(pk=import_id)
    start_applying(
        import_id=import_id, meant=count_doubtful(counts), reason=reason, by_id=by_id, now=now
    )
    return import_id


@transaction.atomic
def check_many_again(import_id: int, *, currency: str) -> None:
    """Have a change checked again; a percentage is one of the prices of now. Raises ListRefused."""
    item = ProductImport.objects.get(pk=import_id)
    choose_columns(import_id=import_id, fields=item.fields)
    change = restore_change(item.change or {})
    if change.what is not What.PRICE_PERCENT:
        return
    try:
        skus = [cells[0] for _line, cells in open_sheet(item).rows]
    except (BadList, OSError) as error:
        raise ListRefused(say_problem(Problem(0, "lost"), item.file_name)) from error
    prices = list_home_prices(skus)
    variants = [ListedVariant(sku, prices[sku]) for sku in skus if sku in prices]
    upload = uuid.uuid4().hex
    keep_list(upload, _encode(_write_list(change, variants, currency)))
    ProductImport.objects.filter(pk=import_id).update(upload=upload)


def _write_list(
    change: ManyChange, variants: Sequence[ListedVariant], currency: str
) -> list[list[str]]:
    if not variants:
        raise ListRefused(_("None of the products has a variant."))
    return write_many(change, variants, currency)


def _encode(rows: Sequence[Sequence[str]]) -> bytes:
    return "".join(sheet_lines(rows)).encode()
