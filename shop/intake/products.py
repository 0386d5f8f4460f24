"""Cleaned products with their sales, from DuckDB to the values the catalogue is built of."""

from __future__ import annotations

from typing import Any

import duckdb

from shop.intake.catalogue import SourceProduct


def read_products(
    connection: duckdb.DuckDBPyConnection, *, minor_units: int
) -> list[SourceProduct]:
    """Return cleaned products joined with `product_sales`, ordered by reference."""
    rows = connection.execute(
        "SELECT product_id, manufacturer_id, department, brand, product_category, product_type,"
        " package_size, product_name, brand_name,"
        " nullif(round(list_price * $minor), 0)::BIGINT,"
        " nullif(round(unit_cost * $minor), 0)::BIGINT,"
        " is_sold_online, units, revenue_minor, popularity, newest - last_week, list_minor,"
        " product_id IN (SELECT product_id FROM weighed)"
        " FROM products LEFT JOIN product_sales USING (product_id),"
        " (SELECT max(last_week) AS newest FROM product_sales) ORDER BY product_id",
        {"minor": minor_units},
    ).fetchall()
    return [_product(row) for row in rows]


def _product(row: tuple[Any, ...]) -> SourceProduct:
    texts = [text or "" for text in row[:9]]
    list_minor, cost_minor, is_sold, units, revenue, popularity, weeks_ago, seen, is_weighed = row[
        9:
    ]
    return SourceProduct(
        *texts,
        given_list_minor=_positive(list_minor),
        given_cost_minor=_positive(cost_minor),
        is_sold_online=is_sold,
        units=units or 0,
        revenue_minor=revenue or 0.0,
        popularity=popularity or 0.0,
        weeks_ago=weeks_ago,
        seen_list_minor=seen,
        is_weighed=is_weighed,
    )


def _positive(amount: int | None) -> int | None:
    return amount if amount and amount > 0 else None
