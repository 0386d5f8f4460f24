"""Load a catalogue by COPY: new rows are added, changed rows updated, equal rows left alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, fields
from datetime import datetime

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from shop.catalog.core.loading import BrandRow, CatalogLoad, CategoryRow, ProductRow
from shop.catalog.services.indexing import index_changed_products, rebuild_search_words

SQL_TYPES = {
    "str": "text",
    "int": "bigint",
    "bool": "boolean",
    "float": "double precision",
    "Decimal | None": "numeric",
    "int | None": "bigint",
}


def load_catalog(
    *,
    categories: Sequence[CategoryRow],
    brands: Sequence[BrandRow],
    products: Sequence[ProductRow],
    now: datetime,
) -> CatalogLoad:
    """Load categories, brands and products with one variant each. One transaction.

    Rows are matched by the merchant's references. Goods that are not in `products` stay as they
    are. Search is brought up to date.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        for name, kind, rows in (
            ("load_category", CategoryRow, categories),
            ("load_brand", BrandRow, brands),
            ("load_product", ProductRow, products),
        ):
            _copy_rows(cursor, name, kind, rows)
        loaded = CatalogLoad(
            categories=sum(_merge_categories(cursor, depth) for depth in (0, 1, 2)),
            brands=_merge_brands(cursor),
            products=_merge_products(cursor, now),
            variants=_merge_variants(cursor),
        )
        # Dropped at once, not on commit: a caller may load twice in one transaction.
        cursor.execute("DROP TABLE load_category, load_brand, load_product")
        index_changed_products()
        if loaded.products or loaded.categories or loaded.brands:
            rebuild_search_words()
        cursor.execute("ANALYZE shop_category, shop_brand, shop_product, shop_variant")
    return loaded


def load_stores(*, refs: Iterable[str], market_code: str) -> dict[str, int]:
    """Load physical shops by reference; return all ids by reference."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO shop_store (external_ref, name, market_id)"
            " SELECT ref, 'Store ' || ref, %s FROM unnest(%s::text[]) AS ref"
            " ON CONFLICT (external_ref) DO NOTHING",
            [market_code, sorted(set(refs))],
        )
        cursor.execute("SELECT external_ref, id FROM shop_store")
        return dict(cursor.fetchall())


def load_placements(*, csv_chunks: Iterable[bytes]) -> int:
    """Load how prominently variants were placed by week; return new or changed rows.

    `csv_chunks` together form CSV without a header: variant id, Monday of the week (ISO 8601),
    display share, mailer share, both from 0 to 1.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE load_week (variant_id bigint, week_start date,"
            " display_share double precision, mailer_share double precision) ON COMMIT DROP"
        )
        with cursor.copy("COPY load_week FROM STDIN (FORMAT csv)") as copy:
            for chunk in csv_chunks:
                copy.write(chunk)
        cursor.execute(
            "INSERT INTO shop_productweek AS known"
            " (variant_id, week_start, display_share, mailer_share)"
            " SELECT variant_id, week_start, display_share, mailer_share FROM load_week"
            " ON CONFLICT (variant_id, week_start) DO UPDATE"
            " SET display_share = excluded.display_share, mailer_share = excluded.mailer_share"
            " WHERE (known.display_share, known.mailer_share)"
            " IS DISTINCT FROM (excluded.display_share, excluded.mailer_share)"
        )
        changed = cursor.rowcount
        cursor.execute("DROP TABLE load_week")
    return changed


def _copy_rows(
    cursor: CursorWrapper,
    name: str,
    kind: type[CategoryRow | BrandRow | ProductRow],
    rows: Sequence[CategoryRow] | Sequence[BrandRow] | Sequence[ProductRow],
) -> None:
    columns = ", ".join(f"{field.name} {SQL_TYPES[str(field.type)]}" for field in fields(kind))
    cursor.execute(f"CREATE TEMPORARY TABLE {name} ({columns}) ON COMMIT DROP")
    with cursor.copy(f"COPY {name} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(astuple(row))
    cursor.execute(f"ANALYZE {name}")


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


def _merge_products(cursor: CursorWrapper, now: datetime) -> int:
    """Merge products. A product keeps its address: links to it outlive a better name.

    So an address that another product has, perhaps under a name that this load gives away, is
    told apart by the reference.
    """
    cursor.execute(
        "INSERT INTO shop_product AS known (external_ref, name, name_zh, slug, category_id,"
        " brand_id, description, is_active, popularity, created_at)"
        " SELECT l.ref, l.name, l.name_zh, CASE WHEN other.id IS NULL THEN l.slug ELSE"
        " left(l.slug, 130) || '-' || regexp_replace(lower(l.ref), '[^a-z0-9]+', '-', 'g') END,"
        " c.id, b.id, l.description, l.is_active, l.popularity, %s"
        " FROM load_product l JOIN shop_category c ON c.path = l.category_path"
        " JOIN shop_brand b ON b.external_ref = l.brand_ref"
        " LEFT JOIN shop_product other ON other.slug = l.slug AND other.external_ref <> l.ref"
        " ORDER BY l.ref ON CONFLICT (external_ref) DO UPDATE SET name = excluded.name,"
        " name_zh = excluded.name_zh, category_id = excluded.category_id,"
        " brand_id = excluded.brand_id, description = excluded.description,"
        " is_active = excluded.is_active, popularity = excluded.popularity"
        " WHERE (known.name, known.name_zh, known.category_id, known.brand_id,"
        " known.description, known.is_active, known.popularity) IS DISTINCT FROM"
        " (excluded.name, excluded.name_zh, excluded.category_id,"
        " excluded.brand_id, excluded.description, excluded.is_active, excluded.popularity)",
        [now],
    )
    return cursor.rowcount


def _merge_variants(cursor: CursorWrapper) -> int:
    cursor.execute(
        "INSERT INTO shop_variant AS known (external_ref, product_id, sku, name, measure_amount,"
        " measure_unit, list_minor, list_source, cost_minor, cost_source, is_active, position,"
        " gtin)"
        " SELECT l.ref, p.id, l.sku, l.size_label, l.measure_amount, l.measure_unit, l.list_minor,"
        " l.list_source, l.cost_minor, l.cost_source, l.is_active, 0,"
        # A number stands for one thing: whoever has it keeps it until it is free.
        " CASE WHEN other.id IS NULL THEN l.gtin ELSE '' END"
        " FROM load_product l JOIN shop_product p ON p.external_ref = l.ref"
        " LEFT JOIN shop_variant other ON other.gtin = l.gtin AND l.gtin <> ''"
        " AND other.external_ref <> l.ref ORDER BY l.ref"
        " ON CONFLICT (external_ref) DO UPDATE SET sku = excluded.sku, name = excluded.name,"
        " measure_amount = excluded.measure_amount, measure_unit = excluded.measure_unit,"
        " list_minor = excluded.list_minor, list_source = excluded.list_source,"
        " cost_minor = excluded.cost_minor, cost_source = excluded.cost_source,"
        # What staff typed is no longer this cost once a list says another.
        " cost_stated_at = CASE WHEN known.cost_minor = excluded.cost_minor"
        " THEN known.cost_stated_at END,"
        " is_active = excluded.is_active,"
        # A list without numbers takes none away that staff typed.
        " gtin = coalesce(nullif(excluded.gtin, ''), known.gtin)"
        " WHERE (known.sku, known.name, known.measure_amount, known.measure_unit,"
        " known.list_minor, known.list_source, known.cost_minor, known.cost_source,"
        " known.is_active, known.gtin) IS DISTINCT FROM (excluded.sku, excluded.name,"
        " excluded.measure_amount, excluded.measure_unit, excluded.list_minor,"
        " excluded.list_source, excluded.cost_minor, excluded.cost_source, excluded.is_active,"
        " coalesce(nullif(excluded.gtin, ''), known.gtin))"
    )
    return cursor.rowcount
