"""Products and lists of them as systems of staff get them."""

from __future__ import annotations

from collections.abc import Sequence

from shop.doors.api.v1.bodies.prices import Json
from shop.doors.product_lists.api import ImportView, Problem, SoldProduct, say_problem, write_size
from shop.ground.catalog.core.loading import VariantRow
from shop.ground.catalog.selectors.pictures import EditedPicture

COUNTS = ("read", "new", "changed", "same", "added", "refused")


def product_body(sold: SoldProduct, currency: str) -> Json:
    """Return a product as a document, with what only the shop says: version, slug, stock."""
    row = sold.stored.row
    return {
        "handle": row.ref,
        "version": str(sold.stored.revision),
        "slug": row.slug,
        "currency": currency,
        "is_active": row.is_active,
        "title": row.name,
        "title_zh": row.name_zh,
        "description": row.description,
        "description_zh": row.description_zh or "",
        "category": sold.category,
        "category_path": row.category_path,
        "brand": sold.stored.brand,
        "tax_class": row.tax_class or "",
        "sensitive": bool(row.is_sensitive),
        "child_directed": bool(row.is_child_directed),
        "minimum_age": row.minimum_age or None,
        "attributes": dict(row.attributes or {}),
        "variants": [_variant(one, sold, row.option_names) for one in row.variants],
    }


def _variant(row: VariantRow, sold: SoldProduct, names: Sequence[str]) -> Json:
    on_hand, reserved = sold.stock[row.sku]
    return {
        "sku": row.sku,
        "options": {name: row.options[name] for name in names if name in row.options},
        "price_minor": row.list_minor,
        "cost_minor": row.cost_minor,
        "prices": dict(sold.stored.prices.get(row.sku, {})),
        "barcode": row.gtin or "",
        "size": write_size(row.measure_amount, row.measure_unit) if row.measure_amount else "",
        "archived": not row.is_active,
        "on_hand": on_hand,
        "reserved": reserved,
    }


def picture_body(one: EditedPicture) -> Json:
    """Return a picture as staff see it."""
    return {
        "picture_id": one.picture_id,
        "file_name": one.file_name,
        "state": one.state,
        "refusal": one.refusal,
        "alt": one.alt,
        "alt_zh": one.alt_zh,
    }


def list_body(item: ImportView, problems: Sequence[tuple[Problem, bool]]) -> Json:
    """Return how far a list is and what is wrong with it."""
    return {
        "list_id": item.id,
        "file_name": item.file_name,
        "market": item.market,
        "state": item.state,
        "percent": item.percent,
        "columns": [
            {"header": header, "field": field}
            for header, field in zip(item.header, item.fields, strict=True)
        ],
        "is_whole": item.is_whole,
        "counts": {name: item.counts.get(name, 0) for name in COUNTS},
        "problem": item.problem,
        "problems": [
            {
                "line": each.line,
                "column": each.column,
                "value": each.value,
                "code": each.code,
                "message": say_problem(each, item.file_name),
                "is_refused": is_refused,
            }
            for each, is_refused in problems
        ],
    }
