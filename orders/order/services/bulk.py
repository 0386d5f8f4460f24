"""Load orders of another system (tills, an older shop) by COPY.

The rows arrive as CSV bytes, as DuckDB writes them, and never become Python objects: a row per
statement, or even a tuple per row, would cost minutes for a year of a chain's tills.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from orders.order.core import LedgerBroken

ORDER_COLUMNS = (
    "external_ref",
    "shopper_id",
    "store_id",
    "placed_at",
    "subtotal_minor",
    "discount_minor",
    "total_minor",
)
ORDER_LINE_COLUMNS = (
    "external_ref",
    "position",
    "variant_id",
    "quantity",
    "list_minor",
    "public_minor",
    "quoted_minor",
    "subtotal_minor",
    "discount_minor",
    "total_minor",
)
_TYPES = {"external_ref": "text", "placed_at": "timestamptz"}


@dataclass(frozen=True, slots=True)
class OrderLoad:
    """How many rows this call created."""

    orders: int
    lines: int


@transaction.atomic
def load_orders_bulk(
    *,
    orders_csv: Iterable[bytes],
    lines_csv: Iterable[bytes],
    market_code: str,
    currency: str,
    number_prefix: str = "S",
) -> OrderLoad:
    """Load paid store orders with their lines; orders known by `external_ref` are left alone.

    Both arguments are chunks that together form CSV without a header: orders with ORDER_COLUMNS,
    lines with ORDER_LINE_COLUMNS, `external_ref` being the order's. An order's number is the
    prefix and its reference. `placed_at` is ISO 8601 with offset; empty means NULL (`shopper_id`,
    `store_id`). `list/public/quoted_minor` are per unit, the other amounts per line; for each line
    total = subtotal - discount, for each order the sums of its lines; `position` counts from 0;
    `quoted_minor <= public_minor`. SKU and name are filled in from the catalogue, which must be
    loaded. One transaction; a second run creates nothing.

    Into an empty table the foreign keys are checked once at the end instead of row by row; the
    tables are then locked for readers until the transaction ends.
    """
    terms = {"market": market_code, "currency": currency, "prefix": number_prefix}
    with connection.cursor() as cursor:
        _stage(cursor, "staged_order", ORDER_COLUMNS, orders_csv)
        orders = _run(cursor, _INSERT_ORDERS, terms)
        _stage(cursor, "staged_line", ORDER_LINE_COLUMNS, lines_csv)
        cursor.execute("ANALYZE new_order")
        with _without_row_checks(cursor):
            lines = _run(cursor, _INSERT_LINES, {})
        _check(cursor, lines)
        cursor.execute("DROP TABLE staged_order, staged_line, new_order")
    return OrderLoad(orders, lines)


_INSERT_ORDERS = """
CREATE TEMPORARY TABLE new_order ON COMMIT DROP AS
WITH made AS (
    INSERT INTO orders_order (
        number, shopper_id, channel, market_code, jurisdiction_code, language, store_id,
        external_ref, email, phone, name, address_line1, address_line2, city, region, postcode,
        country, delivery_method, currency, subtotal_minor, discount_minor, delivery_minor,
        tax_minor, tax_added_minor, total_minor, refunded_minor, coupon_codes, status, placed_at,
        paid_at
    )
    SELECT %(prefix)s || external_ref, shopper_id, 'store', %(market)s, '', 'en', store_id,
           external_ref, '', '', '', '', '', '', '', '', '', '', %(currency)s, subtotal_minor,
           discount_minor, 0, 0, 0, total_minor, 0, '[]', 'fulfilled', placed_at, placed_at
    FROM staged_order ORDER BY placed_at, external_ref
    ON CONFLICT (external_ref) DO NOTHING
    RETURNING id, external_ref
)
SELECT id, external_ref FROM made
"""
_INSERT_LINES = """
INSERT INTO orders_orderline (
    order_id, position, variant_id, sku, name, quantity, list_minor, public_minor, quoted_minor,
    subtotal_minor, discount_minor, tax_minor, tax_added_minor, total_minor, refunded_quantity,
    refunded_minor, adjustments, label_code, is_personal
)
SELECT new_order.id, staged_line.position, variant.id, variant.sku,
       left(CASE WHEN starts_with(product.name, brand.name) THEN '' ELSE brand.name || ' ' END
            || product.name || CASE WHEN variant.name <> '' THEN ', ' || variant.name ELSE '' END,
            240),
       staged_line.quantity, staged_line.list_minor, staged_line.public_minor,
       staged_line.quoted_minor, staged_line.subtotal_minor, staged_line.discount_minor, 0, 0,
       staged_line.total_minor, 0, 0, '[]', '', false
FROM staged_line
JOIN new_order USING (external_ref)
JOIN shop_variant AS variant ON variant.id = staged_line.variant_id
JOIN shop_product AS product ON product.id = variant.product_id
JOIN shop_brand AS brand ON brand.id = product.brand_id
ORDER BY new_order.id, staged_line.position
"""


def _stage(cursor: Any, table: str, columns: tuple[str, ...], chunks: Iterable[bytes]) -> None:
    typed = ", ".join(f"{name} {_TYPES.get(name, 'bigint')}" for name in columns)
    cursor.execute(f"CREATE TEMPORARY TABLE {table} ({typed}) ON COMMIT DROP")
    with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT csv)") as copy:
        for chunk in chunks:
            copy.write(chunk)
    cursor.execute(f"ANALYZE {table}")


def _run(cursor: Any, statement: str, terms: dict[str, str]) -> int:
    cursor.execute(statement, terms)
    return int(cursor.rowcount)


def _check(cursor: Any, lines: int) -> None:
    """Raise LedgerBroken unless every given line came in and each order is the sum of its lines."""
    cursor.execute(_COMPARE)
    given, broken, example = cursor.fetchone()
    if given != lines:
        raise LedgerBroken(
            "Some lines name a variant the catalogue does not have.", given=given, loaded=lines
        )
    if broken:
        raise LedgerBroken("Orders differ from their lines.", orders=broken, example=example)


_COMPARE = """
WITH summed AS (
    SELECT external_ref, count(*) AS lines, sum(subtotal_minor) AS subtotal,
           sum(discount_minor) AS discount, sum(total_minor) AS total
    FROM staged_line JOIN new_order USING (external_ref) GROUP BY external_ref
), compared AS (
    SELECT staged_order.external_ref, coalesce(lines, 0) AS lines,
           (subtotal, discount, total) IS DISTINCT FROM
           (subtotal_minor, discount_minor, total_minor) AS is_broken
    FROM new_order JOIN staged_order USING (external_ref)
    LEFT JOIN summed USING (external_ref)
)
SELECT coalesce(sum(lines), 0), count(*) FILTER (WHERE is_broken),
       min(external_ref) FILTER (WHERE is_broken)
FROM compared
"""


@contextmanager
def _without_row_checks(cursor: Any) -> Iterator[None]:
    """Take the lines' foreign keys off an empty table and put them back, checked as a whole.

    A year of lines row by row costs two look-ups and two row locks each; as a whole it is two
    joins. Filled tables keep their keys: a running shop must not be locked out.
    """
    cursor.execute("SELECT EXISTS (SELECT 1 FROM orders_orderline)")
    if cursor.fetchone()[0]:
        yield
        return
    cursor.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = 'orders_orderline'::regclass AND contype = 'f'"
    )
    keys = cursor.fetchall()
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # checks still due would forbid ALTER TABLE
    for name, _ in keys:
        cursor.execute(f'ALTER TABLE orders_orderline DROP CONSTRAINT "{name}"')
    yield
    for name, definition in keys:
        cursor.execute(f'ALTER TABLE orders_orderline ADD CONSTRAINT "{name}" {definition}')
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
