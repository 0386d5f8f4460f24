"""Order lines, orders and events from cleaned till lines. Works on a DuckDB connection.

Per line, in minor units, rounded half up: list = sales_value + retail_disc + coupon_match_disc,
shelf (public) = sales_value + coupon_match_disc, discount = coupon_disc + coupon_match_disc (never
more than the shelf price), paid = shelf - discount.
"""

from __future__ import annotations

import duckdb

from shop.doors.intake.timeline import Timeline


def book_lines(
    connection: duckdb.DuckDBPyConnection, *, minor_units: int, timeline: Timeline
) -> None:
    """Create `booked`: one row per kept till line with amounts, moved moment and position.

    Needs `variant_ids` (ref, id), `shopper_ids` (ref, id) and `store_ids` (ref, id).
    """
    connection.execute(
        "CREATE TABLE booked AS SELECT *, shelf - discount AS paid,"
        " row_number() OVER (PARTITION BY basket_id ORDER BY product_id, list, shelf) - 1"
        " AS position FROM"
        " (SELECT basket_id, product_id, variant_ids.id AS variant_id,"
        " shopper_ids.id AS shopper_id, store_ids.id AS store_id, quantity,"
        " transaction_timestamp + to_hours($hours) AS moment,"
        " round((sales_value + retail_disc + coupon_match_disc) * $minor)::BIGINT AS list,"
        " round((sales_value + coupon_match_disc) * $minor)::BIGINT AS shelf,"
        " least(round((coupon_disc + coupon_match_disc) * $minor),"
        " round((sales_value + coupon_match_disc) * $minor))::BIGINT AS discount"
        " FROM transactions JOIN variant_ids ON variant_ids.ref = product_id"
        " JOIN shopper_ids ON shopper_ids.ref = household_id"
        " JOIN store_ids ON store_ids.ref = transactions.store_id)",
        {"minor": minor_units, "hours": 24 * 7 * timeline.weeks + timeline.hours},
    )


_MOMENT = "strftime(moment, '%Y-%m-%d %H:%M:%S+00')"

ORDERS = """
SELECT basket_id, any_value(shopper_id), any_value(store_id), strftime(min(moment),
       '%Y-%m-%d %H:%M:%S+00'), sum(shelf), sum(discount), sum(paid)
FROM booked GROUP BY basket_id ORDER BY min(moment), basket_id
"""

ORDER_LINES = """
SELECT basket_id, position, variant_id, quantity,
       greatest(round(list / quantity), 1)::BIGINT, greatest(round(shelf / quantity), 1)::BIGINT,
       greatest(round(shelf / quantity), 1)::BIGINT, shelf, discount, paid
FROM booked ORDER BY moment, basket_id, position
"""

# The identifier depends only on what happened, so that a second run meets its own rows.
EVENTS = f"""
SELECT md5('line ' || basket_id || ' ' || product_id || ' ' || position)::UUID, {_MOMENT},
       shopper_id, 'purchase', variant_id, quantity, paid, list, paid < list, basket_id, 'store'
FROM booked
UNION ALL
SELECT md5('order ' || basket_id)::UUID, strftime(min(moment), '%Y-%m-%d %H:%M:%S+00'),
       any_value(shopper_id), 'order', NULL, sum(quantity)::BIGINT, sum(paid), sum(list),
       sum(paid) < sum(list), basket_id, 'store'
FROM booked GROUP BY basket_id
ORDER BY 2
"""

HOME_STORES = """
SELECT household_id, arg_max(store_id, visits) FROM
    (SELECT household_id, store_id, count(DISTINCT basket_id) AS visits FROM transactions
     GROUP BY household_id, store_id)
GROUP BY household_id
UNION ALL
SELECT DISTINCT household_id, NULL FROM
    (SELECT household_id FROM campaigns UNION SELECT household_id FROM coupon_redemptions
     UNION SELECT household_id FROM demographics) ANTI JOIN transactions USING (household_id)
ORDER BY 1
"""

TRAITS = """
SELECT household_id, name, value FROM
    (UNPIVOT demographics ON COLUMNS(* EXCLUDE (household_id)) INTO NAME name VALUE value)
WHERE value IS NOT NULL ORDER BY household_id, name
"""
