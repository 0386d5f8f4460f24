"""Cleaned products with their sales, from DuckDB to the values the catalogue is built of."""

from __future__ import annotations

from dataclasses import fields

import duckdb

from shop.doors.intake.catalogue import SourceProduct

# One expression per field of SourceProduct, in any order.
COLUMNS = {
    "ref": "product_id",
    "manufacturer": "coalesce(manufacturer_id, '')",
    "department": "coalesce(department, '')",
    "brand": "coalesce(brand, '')",
    "category": "coalesce(product_category, '')",
    "product_type": "coalesce(product_type, '')",
    "package_size": "coalesce(package_size, '')",
    "product_name": "coalesce(product_name, '')",
    "brand_name": "coalesce(brand_name, '')",
    "gtin": "coalesce(gtin, '')",
    "given_list_minor": "CASE WHEN list_price > 0 THEN round(list_price * $minor)::BIGINT END",
    "given_cost_minor": "CASE WHEN unit_cost > 0 THEN round(unit_cost * $minor)::BIGINT END",
    "is_sold_online": "is_sold_online",
    "is_sensitive": "is_sensitive",
    "units": "coalesce(units, 0)",
    "revenue_minor": "coalesce(revenue_minor, 0)",
    "popularity": "coalesce(popularity, 0)",
    "weeks_ago": "newest - last_week",
    "seen_list_minor": "list_minor",
    "is_weighed": "product_id IN (SELECT product_id FROM weighed)",
}


def read_products(
    connection: duckdb.DuckDBPyConnection, *, minor_units: int
) -> list[SourceProduct]:
    """Return cleaned products joined with `product_sales`, ordered by reference."""
    columns = ", ".join(COLUMNS[field.name] for field in fields(SourceProduct))
    rows = connection.execute(
        f"SELECT {columns} FROM products LEFT JOIN product_sales USING (product_id),"
        " (SELECT max(last_week) AS newest FROM product_sales) ORDER BY product_id",
        {"minor": minor_units},
    ).fetchall()
    return [SourceProduct(*row) for row in rows]
