"""Which brand was bought in five categories of the Complete Journey, named before any was fitted.

A brand is a manufacturer, private labels together; the five most bought of each category. Occasions
are baskets with exactly one of them, of households with eight or more. A brand's price in a week is
the sales-weighted mean of its goods' log prices against their usual ones, chain-wide; display and
mailer the share of its sales' products and stores.
"""

from __future__ import annotations

import duckdb
import numpy as np

from tests.statistical.pricing.household_choice import Choices, mark_late
from tests.statistical.pricing.journey import DATA

CATEGORIES = (
    "SOFT DRINKS",
    "YOGURT",
    "COLD CEREAL",
    "BAG SNACKS",
    "REFRGRATD JUICES/DRNKS",
)
BRANDS, LEAST_BASKETS, WEEKS = 5, 8, 54

_LINES = """
CREATE TABLE lines AS SELECT household_id, basket_id, week, transaction_timestamp AS moment,
    product_id, quantity, product_category,
    CASE WHEN brand = 'Private' THEN -1 ELSE manufacturer_id END AS maker,
    (sales_value + coupon_match_disc) / quantity AS price
FROM transactions JOIN products USING (product_id)
WHERE product_category = $category AND quantity > 0 AND sales_value + coupon_match_disc > 0
"""
_TOP = """
CREATE TABLE top AS SELECT maker, row_number() OVER (ORDER BY count(*) DESC, maker) - 1 AS place
FROM lines GROUP BY maker ORDER BY place LIMIT 5
"""
_GOODS = """
CREATE TABLE goods AS SELECT product_id, any_value(place) AS place, median(price) AS usual,
    count(*) AS sold
FROM lines JOIN top USING (maker) GROUP BY product_id
"""
_PRICES = """
SELECT place, week, sum(sold * ln(price / usual)) / sum(sold) FROM (
    SELECT product_id, week, median(price) AS price FROM lines GROUP BY ALL
) JOIN goods USING (product_id) GROUP BY ALL
"""
_SHOWN = """
SELECT place, week, sum(sold * display), sum(sold * mailer) FROM (
    SELECT product_id, week, count(DISTINCT CASE WHEN display_location <> '0' THEN store_id END)
        / 112.0 AS display,
        count(DISTINCT CASE WHEN mailer_location <> '0' THEN store_id END) / 112.0 AS mailer
    FROM promotions SEMI JOIN goods USING (product_id) GROUP BY ALL
) JOIN goods USING (product_id) GROUP BY ALL
"""
_BASKETS = """
SELECT household_id, any_value(week), any_value(place) FROM lines JOIN top USING (maker)
GROUP BY household_id, basket_id
HAVING count(DISTINCT place) = 1 ORDER BY household_id, min(moment), basket_id
"""


def load_choices(category: str) -> Choices:
    """Return the occasions of a category."""
    db = duckdb.connect()
    db.execute("SET threads = 1")
    for name in ("products", "promotions", "transactions"):
        db.read_parquet(str(DATA / f"{name}.parquet")).create_view(name)
    db.execute(_LINES, {"category": category})
    db.execute(_TOP)
    db.execute(_GOODS)
    price, display, mailer = (np.zeros((BRANDS, WEEKS)) for _ in range(3))
    for place, week, ratio in db.execute(_PRICES).fetchall():
        price[place, week] = ratio
    total = dict(db.execute("SELECT place, sum(sold) FROM goods GROUP BY ALL").fetchall())
    for place, week, shown, printed in db.execute(_SHOWN).fetchall():
        display[place, week] = float(shown) / total[place]
        mailer[place, week] = float(printed) / total[place]
    household, week, chosen = np.array(db.execute(_BASKETS).fetchall(), dtype=np.int64).T
    many, count = np.unique(household, return_counts=True)
    kept = np.isin(household, many[count >= LEAST_BASKETS])
    household = np.unique(household[kept], return_inverse=True)[1]
    week, chosen = week[kept], chosen[kept]
    return Choices(
        household=household,
        log_price=price[:, week].T,
        context=np.stack([display[:, week].T, mailer[:, week].T], axis=-1),
        chosen=chosen,
        late=mark_late(household),
    )
