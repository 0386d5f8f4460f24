"""Load orders of another system (tills, an older shop) by COPY."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class OrderLoad:
    """How many rows this call created."""

    orders: int
    lines: int


def load_orders_bulk(
    *,
    orders_csv: Iterable[bytes],
    lines_csv: Iterable[bytes],
    market_code: str,
    currency: str,
    number_prefix: str = "S",
) -> OrderLoad:
    """Load paid store orders with their lines; orders known by `external_ref` are left alone.

    Both arguments are chunks that together form CSV without a header (as DuckDB writes it fast):
    orders with ORDER_COLUMNS, lines with ORDER_LINE_COLUMNS, `external_ref` being the order's.
    `placed_at` is ISO 8601 with offset; empty means NULL (`shopper_id`, `store_id`). Prices
    `list/public/quoted_minor` are per unit, the other amounts per line; for each line
    total = subtotal - discount, for each order the sums of its lines; `position` from 0.
    `quoted_minor <= public_minor`. SKU and name are filled in from the catalogue. One transaction;
    a second run creates nothing.
    """
    raise NotImplementedError
