"""Cleaning and quarantine of imported rows, on a DuckDB connection without files or shop.

Rules, first match wins (docs/import.md states them for users):

missing_value     a column that must be filled is empty or not a number
duplicate         equal in every column (or in the table's key) to an earlier row
unknown_...       names a product, campaign or coupon that the files do not hold
negative_amount   a quantity, value or discount below zero
zero_quantity     nothing was sold: tills note coupons and corrections this way
zero_price        nothing was paid for
price_outlier     unit price p of a product with at least 5 lines lies further from the product's
                  median than K robust standard deviations on the log scale:
                  |ln p - m| > K * max(1.4826 * MAD, S), m = median(ln p), K = 8, S = 0.2
                  (Iglewicz and Hoaglin 1993, "How to Detect and Handle Outliers"; S keeps products
                  with one fixed price from refusing every promotion: 8 * 0.2 is a factor of 5)
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from shop.doors.intake.layout import TABLES, Kind, Table

OUTLIER_LINES = 5
OUTLIER_K = 8.0
OUTLIER_FLOOR = 0.2
# 1.4826 * MAD estimates the standard deviation of a normal distribution.
MAD_TO_SIGMA = 1.4826
LINE_VALUES = ("quantity", "sales_value", "retail_disc", "coupon_disc", "coupon_match_disc")


@dataclass(frozen=True, slots=True)
class TableCount:
    """How the rows of one table fared: `read` = `kept` + sum of `refused`."""

    table: str
    read: int
    kept: int
    refused: dict[str, int]

    @property
    def is_balanced(self) -> bool:
        """Whether no row was lost or made up."""
        return self.read == self.kept + sum(self.refused.values())


def clean_tables(connection: duckdb.DuckDBPyConnection, *, households: int | None = None) -> None:
    """Create `<table>` (kept) and `refused_<table>` (with `reason`) for every table of the layout.

    `households` limits everything to that many households, chosen by a hash of their id: the
    same ones on every machine. Products are then those that these households bought.
    """
    _slice(connection, households)
    _clean_products(connection)
    _clean_transactions(connection)
    _clean_promotions(connection)
    known = {
        "campaign_descriptions": (),
        "campaigns": (("campaign_id", "campaign_descriptions"),),
        "coupons": (("campaign_id", "campaign_descriptions"), ("product_id", "products")),
        "coupon_redemptions": (("campaign_id", "campaign_descriptions"), ("coupon_upc", "coupons")),
        "demographics": (),
    }
    for name, references in known.items():
        _clean_keyed(connection, TABLES[name], references)


def count_table(connection: duckdb.DuckDBPyConnection, table: str) -> TableCount:
    """Return the counts of one cleaned table."""
    # Promotions are kept as sums: each carries how many rows went into it.
    is_summed = table == "promotions"
    rows = "coalesce(sum(rows_read), 0)" if is_summed else "count(*)"
    read = _number(connection, f"SELECT {rows} FROM {'summed' if is_summed else f'sliced_{table}'}")
    kept = _number(connection, f"SELECT {rows} FROM {table}")
    refused = connection.execute(
        f"SELECT reason, count(*) FROM refused_{table} GROUP BY reason ORDER BY reason"
    ).fetchall()
    return TableCount(table, read, kept, {str(reason): int(count) for reason, count in refused})


def _number(connection: duckdb.DuckDBPyConnection, question: str) -> int:
    return int(connection.execute(question).fetchall()[0][0])


def _slice(connection: duckdb.DuckDBPyConnection, households: int | None) -> None:
    if households is None:
        for table in TABLES:
            view = "plain" if table == "promotions" else "raw"
            connection.execute(f"CREATE VIEW sliced_{table} AS FROM {view}_{table}")
        connection.execute("CREATE VIEW numbered_promotions AS FROM raw_promotions")
        connection.execute(
            "CREATE VIEW compared_transactions AS SELECT *, true AS is_sliced FROM raw_transactions"
        )
        return
    connection.execute(
        "CREATE TABLE slice AS SELECT household_id FROM"
        " (SELECT DISTINCT household_id FROM raw_transactions WHERE household_id IS NOT NULL)"
        " ORDER BY md5(household_id) LIMIT ?",
        [households],
    )
    for table in ("transactions", "campaigns", "coupon_redemptions", "demographics"):
        connection.execute(
            f"CREATE TABLE sliced_{table} AS FROM raw_{table} SEMI JOIN slice USING (household_id)"
        )
    connection.execute("CREATE TABLE bought AS SELECT DISTINCT product_id FROM sliced_transactions")
    # Prices are judged by those of all households: a line must not be good in one slice and an
    # outlier in a larger one, or what is loaded later would not fit what is there.
    connection.execute(
        "CREATE VIEW compared_transactions AS"
        " SELECT *, coalesce(household_id IN (FROM slice), false) AS is_sliced"
        " FROM raw_transactions WHERE is_sliced OR product_id IN (FROM bought)"
    )
    for table in ("products", "coupons"):
        connection.execute(
            f"CREATE TABLE sliced_{table} AS FROM raw_{table} SEMI JOIN bought USING (product_id)"
        )
    for source, sliced in (("plain", "sliced"), ("raw", "numbered")):
        connection.execute(
            f"CREATE VIEW {sliced}_promotions AS FROM {source}_promotions"
            " SEMI JOIN bought USING (product_id)"
        )
    connection.execute("CREATE VIEW sliced_campaign_descriptions AS FROM raw_campaign_descriptions")


def _missing(table: Table) -> str:
    empty = []
    for column in table.columns:
        if column.is_filled:
            empty.append(f"{column.name} IS NULL")
            if column.kind is Kind.AMOUNT:
                empty.append(f"isnan({column.name})")
    return f"WHEN {' OR '.join(empty)} THEN 'missing_value'"


def _split(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    connection.execute(
        f"CREATE TABLE refused_{table} AS FROM judged_{table} WHERE reason IS NOT NULL"
    )
    connection.execute(
        f"CREATE TABLE {table} AS SELECT * EXCLUDE (reason, row_number) FROM judged_{table}"
        " WHERE reason IS NULL ORDER BY row_number"
    )
    connection.execute(f"DROP TABLE judged_{table}")


def _clean_products(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "CREATE TABLE judged_products AS SELECT *, CASE"
        f" {_missing(TABLES['products'])}"
        " WHEN row_number() OVER (PARTITION BY product_id ORDER BY row_number) > 1 THEN 'duplicate'"
        " END AS reason FROM sliced_products"
    )
    _split(connection, "products")


def _clean_transactions(connection: duckdb.DuckDBPyConnection) -> None:
    values = ", ".join(f"coalesce({name}, 0) AS {name}" for name in LINE_VALUES)
    # Less than a hundredth of the currency apiece, by the hundred: thousandths of a gallon.
    connection.execute(
        "CREATE TABLE lines AS SELECT * REPLACE (CASE WHEN is_metered THEN 1 ELSE quantity END"
        " AS quantity), (sales_value + coupon_match_disc) / nullif(CASE WHEN is_metered THEN 1"
        " ELSE quantity END, 0) AS unit_price FROM"
        f" (SELECT * REPLACE ({values}), quantity >= 100 AND sales_value > 0"
        " AND sales_value / quantity < 0.01 AS is_metered FROM compared_transactions)"
    )
    same = ", ".join(c.name for c in TABLES["transactions"].columns)
    connection.execute(
        "CREATE TABLE repeated AS SELECT row_number FROM lines WHERE hash(basket_id, product_id) IN"
        " (SELECT hash(basket_id, product_id) AS pair FROM lines GROUP BY pair HAVING count(*) > 1)"
        f" QUALIFY row_number() OVER (PARTITION BY {same} ORDER BY row_number) > 1"
    )
    negative = " OR ".join(f"{name} < 0" for name in LINE_VALUES)
    connection.execute(
        "CREATE TABLE first_look AS SELECT lines.*, CASE"
        f" {_missing(TABLES['transactions'])}"
        " WHEN repeated.row_number IS NOT NULL THEN 'duplicate'"
        " WHEN products.product_id IS NULL THEN 'unknown_product'"
        f" WHEN {negative} THEN 'negative_amount'"
        " WHEN quantity = 0 THEN 'zero_quantity'"
        " WHEN unit_price < 0.005 THEN 'zero_price' END AS reason"
        " FROM lines LEFT JOIN repeated USING (row_number) LEFT JOIN products USING (product_id)"
    )
    _judge_prices(connection)
    connection.execute("DROP TABLE first_look; DROP TABLE repeated; DROP TABLE lines")
    _split(connection, "transactions")


def _judge_prices(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "CREATE TABLE judged_transactions AS"
        " WITH usual AS (SELECT product_id, count(*) AS lines, median(ln(unit_price)) AS middle,"
        " mad(ln(unit_price)) AS spread FROM first_look WHERE reason IS NULL GROUP BY product_id)"
        " SELECT first_look.* EXCLUDE (is_sliced) REPLACE (CASE WHEN reason IS NULL AND lines >= ?"
        " AND abs(ln(unit_price) - middle) > ? * greatest(? * spread, ?)"
        " THEN 'price_outlier' ELSE reason END AS reason)"
        " FROM first_look LEFT JOIN usual USING (product_id) WHERE is_sliced",
        [OUTLIER_LINES, OUTLIER_K, MAD_TO_SIGMA, OUTLIER_FLOOR],
    )


def _clean_promotions(connection: duckdb.DuckDBPyConnection) -> None:
    """Sum the largest table to `placements` in one pass; copy only its bad rows.

    A share is that of the chain's sales made by the stores that placed the product: a display
    in one large store counts more than one in a small store.
    """
    is_bad = "product_id IS NULL OR store_id IS NULL OR week IS NULL OR week < 1"
    unknown = "product_id NOT IN (SELECT product_id FROM products)"
    connection.execute(
        "CREATE TABLE summed AS WITH weight AS (SELECT store_id, sum(sales_value) AS sales"
        " FROM transactions GROUP BY store_id) SELECT product_id, week,"
        f" coalesce({is_bad}, true) AS is_bad, count(*) AS rows_read,"
        " sum(sales) FILTER (display_location <> '0') AS display_sales,"
        " sum(sales) FILTER (mailer_location <> '0') AS mailer_sales"
        " FROM sliced_promotions LEFT JOIN weight USING (store_id) GROUP BY ALL"
    )
    connection.execute(
        "CREATE TABLE covered AS SELECT nullif(sum(sales_value), 0) AS sales FROM transactions"
        " WHERE store_id IN (SELECT DISTINCT store_id FROM plain_promotions)"
    )
    connection.execute(
        "CREATE TABLE promotions AS SELECT product_id, week, rows_read,"
        " least(coalesce(display_sales / sales, 0), 1) AS display_share,"
        " least(coalesce(mailer_sales / sales, 0), 1) AS mailer_share"
        " FROM summed SEMI JOIN products USING (product_id), covered WHERE NOT is_bad"
    )
    bad = _number(connection, f"SELECT count(*) FROM summed WHERE is_bad OR {unknown}")
    limit = "" if bad else " LIMIT 0"
    connection.execute(
        "CREATE TABLE refused_promotions AS SELECT *, CASE"
        f" WHEN {is_bad} THEN 'missing_value' ELSE 'unknown_product' END AS reason"
        f" FROM (FROM numbered_promotions{limit}) WHERE {is_bad} OR {unknown}"
    )


def _clean_keyed(
    connection: duckdb.DuckDBPyConnection, table: Table, references: tuple[tuple[str, str], ...]
) -> None:
    same = ", ".join(table.key or tuple(column.name for column in table.columns))
    unknown = " ".join(
        f"WHEN {column} NOT IN (SELECT {column} FROM {other}) THEN"
        f" 'unknown_{column.removesuffix('_id').removesuffix('_upc')}'"
        for column, other in references
    )
    connection.execute(
        f"CREATE TABLE judged_{table.name} AS SELECT *, CASE {_missing(table)}"
        f" WHEN row_number() OVER (PARTITION BY {same} ORDER BY row_number) > 1 THEN 'duplicate'"
        f" {unknown} END AS reason FROM sliced_{table.name}"
    )
    _split(connection, table.name)
