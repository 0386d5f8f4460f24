"""Change many products at once: an import made of them, with its dry run and its undo."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, replace
from datetime import datetime

from django.utils.translation import gettext as _

from shop.doors.product_lists.core.many import ListedVariant, ManyChange, write_many
from shop.doors.product_lists.services.uploading import ListRefused, choose_columns, receive_list
from shop.doors.product_lists.words import name_change
from shop.ground.catalog.selectors.stored import list_refs, read_products
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
    if not variants:
        raise ListRefused(_("None of the products has a variant."))
    rows = write_many(change, variants, currency)
    change = replace(change, products=len(products))
    import_id = receive_list(
        file_name=name_change(change),
        content="".join(sheet_lines(rows)).encode(),
        change=asdict(change),
        by_id=by_id,
        now=now,
    )
    choose_columns(import_id=import_id, fields=rows[0])
    return import_id
