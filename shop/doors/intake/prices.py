"""Prices as shoppers saw them, from what tills recorded. Works on cleaned tables in DuckDB.

Per line: list price = (sales_value + retail_disc + coupon_match_disc) / quantity, shelf price for
card holders = (sales_value + coupon_match_disc) / quantity (the definition the data's publisher
gives for `retail_disc` and `coupon_match_disc`). Per product and week the chain-wide median of
each. Only changes become rows.

Products sold by weight have no price a piece: `quantity` counts bags of unknown weight. They get
one list price, the year's median bag, and a shelf price that follows the median discount.
"""

from __future__ import annotations

import duckdb

# A store charges one price in one week: a wider spread means the pieces differ in weight.
WEIGHED_SPREAD = 0.05
WEIGHED_LINES = 3
# Products sold too seldom to measure follow their category, if most measured ones there are
# weighed.
WEIGHED_CATEGORY = 0.5


def build_prices(connection: duckdb.DuckDBPyConnection, *, minor_units: int) -> None:
    """Create `weeks`, `weighed`, `price_changes` and `product_sales` from cleaned `transactions`.

    `minor_units` is how many minor units make one major unit (100 cents). `price_changes` has
    (product_id, week, kind, amount_minor); `product_sales` one row per product sold with its
    lines, units, revenue, first and last week, newest prices and recent weekly units.
    """
    connection.execute(
        "CREATE TABLE priced AS SELECT product_id, store_id,"
        " coalesce(week, date_diff('day', monday, transaction_timestamp::DATE) // 7 + 1) AS week,"
        " quantity, sales_value + coupon_match_disc AS revenue,"
        " (sales_value + retail_disc + coupon_match_disc) / quantity AS list_price,"
        " (sales_value + coupon_match_disc) / quantity AS shelf_price"
        " FROM transactions, (SELECT date_trunc('week', min(transaction_timestamp))::DATE AS monday"
        " FROM transactions)"
    )
    _find_weighed(connection)
    _build_weekly(connection, minor_units)
    _build_changes(connection)
    _build_sales(connection, minor_units)
    connection.execute("DROP TABLE priced; DROP TABLE weekly")


def _find_weighed(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "CREATE TABLE spreads AS SELECT product_id, median(spread) > ? AS is_weighed FROM"
        " (SELECT product_id, (max(list_price) - min(list_price)) / median(list_price) AS spread"
        " FROM priced GROUP BY product_id, store_id, week HAVING count(*) >= ?)"
        " GROUP BY product_id",
        [WEIGHED_SPREAD, WEIGHED_LINES],
    )
    connection.execute(
        "CREATE TABLE weighed AS WITH habits AS (SELECT product_category,"
        " avg(is_weighed::INT) > ? AS is_usual FROM spreads JOIN products USING (product_id)"
        " GROUP BY product_category)"
        " SELECT product_id FROM products LEFT JOIN spreads USING (product_id)"
        " LEFT JOIN habits USING (product_category)"
        " WHERE coalesce(is_weighed, is_usual AND package_size IS NULL, false)",
        [WEIGHED_CATEGORY],
    )
    connection.execute("DROP TABLE spreads")


def _build_weekly(connection: duckdb.DuckDBPyConnection, minor_units: int) -> None:
    connection.execute(
        "CREATE TABLE weekly AS SELECT product_id, week,"
        " greatest(round(median(list_price) * ?), 1)::BIGINT AS list_minor,"
        " greatest(round(median(shelf_price) * ?), 1)::BIGINT AS shelf_minor"
        " FROM priced ANTI JOIN weighed USING (product_id) GROUP BY product_id, week"
        " UNION ALL SELECT product_id, week, list_minor,"
        " greatest(round(list_minor * median(shelf_price / list_price)), 1)::BIGINT"
        " FROM priced JOIN (SELECT product_id,"
        " greatest(round(median(list_price) * ?), 1)::BIGINT AS list_minor"
        " FROM priced SEMI JOIN weighed USING (product_id) GROUP BY product_id)"
        " USING (product_id) GROUP BY product_id, week, list_minor",
        [minor_units] * 3,
    )


def _build_changes(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "CREATE TABLE price_changes AS SELECT product_id, week, kind, amount_minor FROM"
        " (SELECT *, lag(amount_minor) OVER (PARTITION BY product_id, kind ORDER BY week) AS before"
        " FROM (UNPIVOT (SELECT product_id, week, list_minor AS list,"
        " least(shelf_minor, list_minor) AS public FROM weekly)"
        " ON list, public INTO NAME kind VALUE amount_minor))"
        " WHERE before IS NULL OR before <> amount_minor"
    )


def _build_sales(connection: duckdb.DuckDBPyConnection, minor_units: int) -> None:
    # The last 13 weeks tell how fast a product sells now.
    connection.execute(
        "CREATE TABLE product_sales AS SELECT * FROM"
        " (SELECT product_id, count(*) AS lines, sum(quantity)::BIGINT AS units,"
        " sum(revenue) * ? AS revenue_minor, min(week) AS first_week, max(week) AS last_week,"
        " coalesce(sum(quantity) FILTER (week > last - 13), 0) / 13 AS weekly_units,"
        " sum(exp((week - last) / 13 * ln(2))) AS popularity"
        " FROM priced, (SELECT max(week) AS last FROM priced) GROUP BY product_id)"
        " JOIN (SELECT product_id, arg_max(list_minor, week) AS list_minor,"
        " arg_max(least(shelf_minor, list_minor), week) AS shelf_minor"
        " FROM weekly GROUP BY product_id) USING (product_id)",
        [minor_units],
    )
