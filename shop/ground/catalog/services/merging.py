"""The statements that merge loaded rows into the catalogue's tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, fields
from datetime import datetime
from typing import Any

from django.db.backends.utils import CursorWrapper

from shop.ground.catalog.core.loading import (
    BrandRow,
    CatalogLoad,
    CategoryRow,
    Conflict,
    ProductRow,
    VariantRow,
)
from shop.ground.kernel.errors import FairtagError


class CatalogConflict(FairtagError):
    """Rows name a category or brand nobody knows, or a SKU that another product has."""

    code = "catalog_conflict"

    def __init__(self, conflicts: Sequence[Conflict]) -> None:
        super().__init__(conflicts[0].sentence, conflicts=[asdict(one) for one in conflicts])
        self.conflicts = tuple(conflicts)


SQL_TYPES = {
    "str": "text",
    "str | None": "text",
    "int": "bigint",
    "int | None": "bigint",
    "bool": "boolean",
    "bool | None": "boolean",
    "float | None": "double precision",
    "Decimal | None": "numeric",
    "Mapping[str, str]": "jsonb",
    "Mapping[str, str] | None": "jsonb",
    "tuple[str, ...]": "jsonb",
}
# What no row may say: it would be dropped, or take something away from another product.
CONFLICTS = """
SELECT l.ref, 'category_path', l.category_path, '' FROM load_product l
LEFT JOIN shop_category c ON c.path = l.category_path WHERE c.id IS NULL
UNION ALL
SELECT l.ref, 'brand_ref', l.brand_ref, '' FROM load_product l
LEFT JOIN shop_brand b ON b.external_ref = l.brand_ref WHERE b.id IS NULL
UNION ALL
SELECT l.product_ref, CASE WHEN v.sku = l.sku THEN 'sku' ELSE 'ref' END, l.sku, p.name
FROM load_variant l JOIN shop_variant v ON v.sku = l.sku OR v.external_ref = l.ref
JOIN shop_product p ON p.id = v.product_id
WHERE (v.external_ref <> l.ref OR (p.external_ref <> l.product_ref AND NOT %(may_move)s))
    -- One that this very load gives away is free.
    AND NOT EXISTS (SELECT FROM load_variant mine WHERE mine.ref = v.external_ref
                    AND mine.product_ref = p.external_ref AND mine.sku <> l.sku)
ORDER BY 1, 2
LIMIT 50
"""
# A guess, so it gives way to what is known already.
USUAL_FACTS = """
INSERT INTO shop_productfacts (category_id, is_perishable, source)
SELECT c.id, l.is_perishable, 'usual' FROM load_category l JOIN shop_category c ON c.path = l.path
WHERE l.is_perishable IS NOT NULL ON CONFLICT (category_id) DO NOTHING
"""
Returned = list[tuple[str, bool]]  # reference, whether the row is new

PRODUCTS = """
WITH spoken AS (
    SELECT l.*, row_number() OVER (PARTITION BY l.slug ORDER BY l.ref) > 1
        OR EXISTS (SELECT FROM shop_product other
                   WHERE other.slug = l.slug AND other.external_ref <> l.ref) AS is_taken,
        coalesce(nullif(trim('-' FROM regexp_replace(lower(l.ref), '[^a-z0-9]+', '-', 'g')), ''),
                 left(md5(l.ref), 8)) AS ending
    FROM load_product l
)
INSERT INTO shop_product AS known (external_ref, name, name_zh, slug, category_id, brand_id,
    description, description_zh, is_active, popularity, attributes, option_names, is_sensitive,
    is_child_directed, minimum_age, tax_class, revision, created_at)
SELECT l.ref, l.name, l.name_zh,
    CASE WHEN l.is_taken THEN left(l.slug, 130) || '-' || l.ending ELSE l.slug END, c.id, b.id,
    l.description, coalesce(l.description_zh, old.description_zh, ''), l.is_active,
    coalesce(l.popularity, old.popularity, 0), coalesce(l.attributes, old.attributes, '{}'),
    l.option_names, coalesce(l.is_sensitive, old.is_sensitive, false),
    coalesce(l.is_child_directed, old.is_child_directed, false),
    nullif(coalesce(l.minimum_age, old.minimum_age), 0), coalesce(l.tax_class, old.tax_class, ''),
    0, %s
FROM spoken l JOIN shop_category c ON c.path = l.category_path
JOIN shop_brand b ON b.external_ref = l.brand_ref
LEFT JOIN shop_product old ON old.external_ref = l.ref
ORDER BY l.ref
ON CONFLICT (external_ref) DO UPDATE SET (name, name_zh, category_id, brand_id, description,
    description_zh, is_active, popularity, attributes, option_names, is_sensitive,
    is_child_directed, minimum_age, tax_class, revision) = (excluded.name, excluded.name_zh,
    excluded.category_id, excluded.brand_id, excluded.description, excluded.description_zh,
    excluded.is_active, excluded.popularity, excluded.attributes, excluded.option_names,
    excluded.is_sensitive, excluded.is_child_directed, excluded.minimum_age, excluded.tax_class,
    known.revision + 1)
WHERE (known.name, known.name_zh, known.category_id, known.brand_id, known.description,
    known.description_zh, known.is_active, known.popularity, known.attributes,
    known.option_names, known.is_sensitive, known.is_child_directed, known.minimum_age,
    known.tax_class) IS DISTINCT FROM (excluded.name, excluded.name_zh, excluded.category_id,
    excluded.brand_id, excluded.description, excluded.description_zh, excluded.is_active,
    excluded.popularity, excluded.attributes, excluded.option_names, excluded.is_sensitive,
    excluded.is_child_directed, excluded.minimum_age, excluded.tax_class)
RETURNING external_ref, xmax = 0
"""
# Of variants that move or change their options: another may take their place in the same load.
FREE_OPTIONS = """
UPDATE shop_variant v SET options = '{}'
FROM load_variant l, shop_product p
WHERE v.external_ref = l.ref AND p.id = v.product_id AND v.options <> '{}'
    AND (p.external_ref, v.options) IS DISTINCT FROM (l.product_ref, l.options)
"""
# Products whose variants have all moved away are kept for history only.
EMPTIED = """
UPDATE shop_product p SET is_active = false
WHERE p.is_active AND NOT EXISTS (SELECT FROM shop_variant v WHERE v.product_id = p.id)
"""
# A number stands for one thing: whoever has it keeps it until it is free. A list without numbers
# takes none away that staff typed. What is known is updated in a statement of its own: an upsert
# that may set a key locks each row that it meets, changed or not, against the lines of orders.
_SPOKEN = """
SELECT l.ref, p.id AS product_id, l.sku, l.name, l.options, l.measure_amount, l.measure_unit,
    l.list_minor, l.list_source,
    CASE WHEN l.cost_source IS NULL THEN old.cost_minor ELSE l.cost_minor END AS cost_minor,
    coalesce(l.cost_source, old.cost_source, 'unknown') AS cost_source, l.is_active, l.position,
    CASE WHEN other.id IS NULL THEN coalesce(l.gtin, old.gtin, '')
        ELSE coalesce(old.gtin, '') END AS gtin,
    coalesce(l.is_loose, old.is_loose, false) AS is_loose, old.id AS known_id
FROM load_variant l JOIN shop_product p ON p.external_ref = l.product_ref
LEFT JOIN shop_variant old ON old.external_ref = l.ref
LEFT JOIN shop_variant other ON other.gtin = l.gtin AND l.gtin <> '' AND other.external_ref <> l.ref
ORDER BY l.ref
"""
_SAID = (
    "product_id, sku, name, options, measure_amount, measure_unit, list_minor, list_source,"
    " cost_minor, cost_source, is_active, position, gtin, is_loose"
)
_SPOKEN_FOR = ", ".join(f"spoken.{name.strip()}" for name in _SAID.split(","))
_KNOWN = ", ".join(f"known.{name.strip()}" for name in _SAID.split(","))
CHANGED_VARIANTS = f"""
UPDATE shop_variant known SET ({_SAID}, cost_stated_at) = ROW({_SPOKEN_FOR},
    -- What staff typed is no longer this cost once a list says another.
    CASE WHEN known.cost_minor = spoken.cost_minor THEN known.cost_stated_at END)
FROM ({_SPOKEN}) spoken
WHERE known.id = spoken.known_id AND ({_KNOWN}) IS DISTINCT FROM ({_SPOKEN_FOR})
RETURNING known.external_ref
"""  # noqa: S608  # no part of it comes from outside
NEW_VARIANTS = f"""
INSERT INTO shop_variant (external_ref, {_SAID})
SELECT ref, {_SAID} FROM ({_SPOKEN}) spoken WHERE known_id IS NULL
RETURNING external_ref
"""  # noqa: S608  # no part of it comes from outside
# Whose variants changed; a product that changed itself was counted already.
PRODUCTS_OF = """
UPDATE shop_product SET revision = revision + 1
WHERE external_ref IN (SELECT product_ref FROM load_variant WHERE ref = ANY(%s))
    AND NOT external_ref = ANY(%s)
RETURNING external_ref
"""


def copy_rows(
    cursor: CursorWrapper,
    categories: Sequence[CategoryRow],
    brands: Sequence[BrandRow],
    products: Sequence[ProductRow],
) -> None:
    """Copy the rows into temporary tables."""
    _copy(cursor, "load_category", _columns(CategoryRow), map(astuple, categories))
    _copy(cursor, "load_brand", _columns(BrandRow), map(astuple, brands))
    columns = _columns(ProductRow)
    rows = (_values(row, columns) for row in products)
    _copy(cursor, "load_product", columns, rows)
    columns = _columns(VariantRow)
    each = ((row.ref, *_values(one, columns)) for row in products for one in row.variants)
    _copy(cursor, "load_variant", {"product_ref": "text", **columns}, each)


def _columns(kind: Any) -> dict[str, str]:
    return {
        field.name: SQL_TYPES[str(field.type)] for field in fields(kind) if field.name != "variants"
    }


def _values(row: Any, columns: Iterable[str]) -> tuple[object, ...]:
    return tuple(_plain(getattr(row, name)) for name in columns)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return json.dumps(dict(value), ensure_ascii=False)
    if isinstance(value, tuple):
        return json.dumps(value, ensure_ascii=False)
    return value


def _copy(
    cursor: CursorWrapper,
    name: str,
    columns: Mapping[str, str],
    rows: Iterable[tuple[object, ...]],
) -> None:
    declared = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    cursor.execute(f"CREATE TEMPORARY TABLE {name} ({declared}) ON COMMIT DROP")
    with cursor.copy(f"COPY {name} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    cursor.execute(f"ANALYZE {name}")


def merge_all(cursor: CursorWrapper, now: datetime, *, may_move: bool) -> CatalogLoad:
    """Merge the copied rows, drop the temporary tables, and return what came of it."""
    categories = sum(_merge_categories(cursor, depth) for depth in (0, 1, 2))
    cursor.execute(USUAL_FACTS)
    brands = _merge_brands(cursor)
    _refuse_conflicts(cursor, may_move=may_move)
    cursor.execute(PRODUCTS, [now])
    products: Returned = cursor.fetchall()
    if may_move:
        cursor.execute(FREE_OPTIONS)
    cursor.execute(CHANGED_VARIANTS)
    variants = [ref for (ref,) in cursor.fetchall()]
    cursor.execute(NEW_VARIANTS)
    variants += [ref for (ref,) in cursor.fetchall()]
    if may_move:
        cursor.execute(EMPTIED)
    created = {ref for ref, is_new in products if is_new}
    changed = {ref for ref, is_new in products if not is_new}
    cursor.execute(PRODUCTS_OF, [variants, list(created | changed)])
    changed |= {ref for (ref,) in cursor.fetchall()}
    cursor.execute(
        "SELECT v.external_ref, v.id FROM shop_variant v JOIN load_variant l"
        " ON l.ref = v.external_ref"
    )
    variant_ids = dict(cursor.fetchall())
    # Dropped at once, not on commit: a caller may load twice in one transaction.
    cursor.execute("DROP TABLE load_category, load_brand, load_product, load_variant")
    return CatalogLoad(
        categories=categories,
        brands=brands,
        products=len(products),
        variants=len(variants),
        created=frozenset(created),
        changed=frozenset(changed),
        variant_ids=variant_ids,
    )


def _refuse_conflicts(cursor: CursorWrapper, *, may_move: bool) -> None:
    cursor.execute(CONFLICTS, {"may_move": may_move})
    found = [Conflict(*row) for row in cursor.fetchall()]
    if found:
        raise CatalogConflict(found)


def _merge_categories(cursor: CursorWrapper, depth: int) -> int:
    cursor.execute(
        "INSERT INTO shop_category AS known (external_ref, path, slug, parent_id, name, name_zh,"
        " depth, icon, position, is_child_directed, is_restricted, is_sensitive)"
        " SELECT l.path, l.path, replace(l.path, '/', '-'), parent.id, l.name, l.name_zh, l.depth,"
        " l.icon, l.position, l.is_child_directed, l.is_restricted, l.is_sensitive"
        " FROM load_category l LEFT JOIN shop_category parent ON parent.path = l.parent_path"
        " WHERE l.depth = %s ORDER BY l.position"
        " ON CONFLICT (external_ref) DO UPDATE SET name = excluded.name,"
        " name_zh = excluded.name_zh, icon = excluded.icon, position = excluded.position,"
        # A flag that staff set stays: a file that does not know better must not take it away.
        " is_child_directed = known.is_child_directed OR excluded.is_child_directed,"
        " is_restricted = known.is_restricted OR excluded.is_restricted,"
        " is_sensitive = known.is_sensitive OR excluded.is_sensitive"
        " WHERE (known.name, known.name_zh, known.icon, known.position, known.is_child_directed,"
        " known.is_restricted, known.is_sensitive) IS DISTINCT FROM (excluded.name,"
        " excluded.name_zh, excluded.icon, excluded.position,"
        " known.is_child_directed OR excluded.is_child_directed,"
        " known.is_restricted OR excluded.is_restricted,"
        " known.is_sensitive OR excluded.is_sensitive)",
        [depth],
    )
    return cursor.rowcount


def _merge_brands(cursor: CursorWrapper) -> int:
    cursor.execute(
        "INSERT INTO shop_brand AS known (external_ref, name, is_private_label)"
        " SELECT ref, name, is_private_label FROM load_brand ORDER BY ref"
        " ON CONFLICT (external_ref) DO UPDATE SET name = excluded.name,"
        " is_private_label = excluded.is_private_label"
        " WHERE (known.name, known.is_private_label)"
        " IS DISTINCT FROM (excluded.name, excluded.is_private_label)"
    )
    return cursor.rowcount
