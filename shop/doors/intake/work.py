"""State that the stages of one import share, and the products they begin with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from shop.doors.intake.catalogue import Catalogue, SourceProduct, build_catalogue
from shop.doors.intake.progress import Show
from shop.doors.intake.timeline import Timeline
from shop.ground.catalog.selectors import map_external_refs

CHUNK_BYTES = 1 << 20


@dataclass(slots=True)
class Work:
    """One import under way: cleaned tables in `connection`, the shift in time, where to report."""

    connection: duckdb.DuckDBPyConnection
    timeline: Timeline
    minor_units: int
    currency: str
    market_code: str
    now: datetime
    scratch: Path
    show: Show
    keep_products: bool = False
    variant_ids: Mapping[str, int] = field(default_factory=dict)
    shopper_ids: Mapping[str, int] = field(default_factory=dict)
    _catalogue: Catalogue | None = None

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue, built once."""
        if self._catalogue is None:
            products = read_products(self.connection, minor_units=self.minor_units)
            self._catalogue = build_catalogue(products)
        return self._catalogue

    @property
    def first_monday(self) -> datetime:
        """Midnight UTC of the Monday that week 1 of the source becomes."""
        rows = self.ask(
            "SELECT date_trunc('week', min(transaction_timestamp) + to_hours(?)) FROM transactions",
            [self.timeline.hours],
        )
        monday = datetime.combine(rows[0][0], datetime.min.time())
        return monday.replace(tzinfo=self.now.tzinfo) + timedelta(weeks=self.timeline.weeks)

    def ask(self, question: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Any]:
        """Return all rows of a question to the cleaned tables."""
        return self.connection.execute(question, values or None).fetchall()

    def know_variants(self) -> None:
        """Read the ids that the catalogue gave to products; tables need them from here on."""
        self.variant_ids = map_external_refs()
        self.register("variant_ids", self.variant_ids)

    def register(self, name: str, ids: Mapping[str, int]) -> None:
        """Make a mapping of references to ids a table (ref, id)."""
        table = pa.table({"ref": list(ids.keys()), "id": list(ids.values())})
        # A real table: what is only registered is unknown to the cursors of this connection.
        self.connection.register(f"given_{name}", table)
        self.connection.execute(f"CREATE OR REPLACE TABLE {name} AS FROM given_{name}")
        self.connection.unregister(f"given_{name}")

    def export(self, name: str, question: str) -> Iterator[bytes]:
        """Yield a question's answer as CSV without a header, chunk by chunk, showing progress.

        DuckDB writes CSV many times faster than Python could format rows; PostgreSQL's COPY
        reads it as it is.
        """
        path = self.scratch / f"{name}.csv"
        self.connection.execute(f"COPY ({question}) TO '{path}' (HEADER false)")
        self.show.begin(name, path.stat().st_size)
        try:
            with open(path, "rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    yield chunk
                    self.show.advance(len(chunk))
        finally:
            path.unlink()


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
