"""A market whose prices follow demand, with known elasticities and some randomised item-weeks.

120 items in 8 categories over 60 weeks. A demand shock nobody records lingers, and the shop
prices by it; costs wander slowly and move prices too (clean, but predictable from the week before);
a merchant's whims add a little. A share of item-weeks is moved one rung (6 %) by a draw.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

ITEMS, WEEKS, CATEGORIES, RUNG = 120, 60, 8, 0.06
CONTROLS = ["season", "trend", "last_log_price", "last_log_sales"]


def make_endogenous(seed: int, randomized_share: float = 0.05) -> tuple[pd.DataFrame, np.ndarray]:
    """Return item-weeks with columns for `find_residuals`, and the true elasticities (N,)."""
    rng = np.random.default_rng(seed)
    category = np.arange(ITEMS) % CATEGORIES
    mean = rng.normal(-2.3, 0.35, CATEGORIES)
    truth = np.minimum(mean[category] + rng.normal(0, 0.35, ITEMS), -0.5)
    demand = _wander(rng, 0.4, 0.25)
    cost = _wander(rng, 0.95, 0.14)
    follow = np.clip(rng.normal(0.13, 0.035, ITEMS), 0, None)
    planned = 0.8 * cost + follow[:, None] * demand + rng.normal(0, 0.02, (ITEMS, WEEKS))
    drawn = rng.random((ITEMS, WEEKS)) < randomized_share
    shock = np.where(drawn, rng.choice([-RUNG, RUNG], (ITEMS, WEEKS)), 0.0)
    price = planned + shock
    season = 0.2 * np.sin(2 * np.pi * np.arange(WEEKS) / 52)
    level = rng.normal(3.5, 0.5, ITEMS)[:, None] + season + demand
    rate = np.exp(level + truth[:, None] * price + rng.normal(0, 0.2, (ITEMS, WEEKS)))
    sales = np.log(rng.poisson(rate) + 0.5)
    columns = {"log_price": price, "log_sales": sales, "shock": shock, "cost": cost}
    columns |= {"season": np.broadcast_to(season, price.shape)}
    return _tabulate(columns, category), truth


def _wander(rng: np.random.Generator, memory: float, sd: float) -> np.ndarray:
    noise = rng.normal(0, sd * np.sqrt(1 - memory**2), (ITEMS, WEEKS))
    path = np.empty((ITEMS, WEEKS))
    path[:, 0] = rng.normal(0, sd, ITEMS)
    for week in range(1, WEEKS):
        path[:, week] = memory * path[:, week - 1] + noise[:, week]
    return path


def _tabulate(columns: dict[str, np.ndarray], category: np.ndarray) -> pd.DataFrame:
    week = np.tile(np.arange(WEEKS, dtype=float), ITEMS)
    labels = {"item": np.repeat(np.arange(ITEMS), WEEKS), "category": np.repeat(category, WEEKS)}
    flat = {name: values.ravel() for name, values in columns.items()}
    frame = pd.DataFrame(labels | {"week": week, "trend": week / WEEKS} | flat)
    for name in ("log_price", "log_sales"):
        frame[f"last_{name}"] = frame.groupby("item")[name].shift(1)
    return frame.dropna().reset_index(drop=True)
