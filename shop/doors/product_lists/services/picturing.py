"""Pictures of a list: handed to the worker that makes the shop's pictures, taken off by undo."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from shop.doors.product_lists.core.differences import Outcome, Verdict, base_name
from shop.doors.product_lists.core.rows import ListedProduct
from shop.doors.product_lists.models import ProductImportRow
from shop.doors.product_lists.pictures import PictureBox
from shop.ground.catalog.selectors.stored import list_pictures, map_product_ids
from shop.ground.catalog.services.pictures import PictureNotTaken, add_picture, remove_picture


def add_pictures(
    products: Sequence[ListedProduct],
    judged: Sequence[Sequence[Verdict]],
    box: PictureBox,
    variant_ids: Mapping[str, int],
    now: datetime,
) -> None:
    """Add what the rows name and the box holds. What is refused is told with its row.

    Pictures of a product's first row, and of rows that only add to it, are of all its variants.
    """
    wanted = [
        (product, verdicts)
        for product, verdicts in zip(products, judged, strict=True)
        if any(verdict.after.get("pictures") for verdict in verdicts)
    ]
    ids = map_product_ids([product.handle for product, _verdicts in wanted])
    for product, verdicts in wanted:
        first = next((one.row.sku for one in verdicts if one.row.is_variant), "")
        for verdict in verdicts:
            is_own = verdict.row.is_variant and verdict.row.sku != first
            variant_id = variant_ids.get(verdict.row.sku) if is_own else None
            if verdict.outcome is not Outcome.REFUSED and product.handle in ids:
                _add(
                    verdict,
                    product,
                    box,
                    product_id=ids[product.handle],
                    variant_id=variant_id,
                    now=now,
                )


def _add(
    verdict: Verdict,
    product: ListedProduct,
    box: PictureBox,
    *,
    product_id: int,
    variant_id: int | None,
    now: datetime,
) -> None:
    names = verdict.after.get("pictures")
    for name in names if isinstance(names, list) else ():
        content = box.read(name)
        if content is None:
            continue
        try:
            add_picture(
                product_id=product_id,
                variant_id=variant_id,
                file_name=base_name(name),
                upload=content,
                alt=str(product.values.get("title") or ""),
                alt_zh=str(product.values.get("title_zh") or ""),
                now=now,
            )
        except PictureNotTaken as refusal:
            verdict.row.warn(f"picture_{refusal.code}", "pictures", name)


def remove_pictures(rows: Collection[ProductImportRow]) -> None:
    """Take off the pictures that rows added."""
    found = list_pictures({row.handle for row in rows})
    for row in rows:
        for name in row.after.get("pictures", ()):
            known = found.get((row.handle, base_name(name)))
            if known is not None:
                remove_picture(product_id=known[0], picture_id=known[1])
