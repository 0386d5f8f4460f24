"""What the shop's own path earns, market by market: the table of docs/evaluation.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from shop.simulation.grid import CourseRuns
from shop.simulation.report import Group
from shop.simulation.summary import Estimate, score_agent, score_bounds

# What is served, and the same path with weekly sales and the evidence of the minutes alone.
PATHS = (SHOP, SHOP_WEEKLY) = "shop", "shop_weekly"
UNKNOWN = Estimate(float("nan"), float("nan"), float("nan"))


@dataclass(frozen=True, slots=True)
class ShopRow:
    """One market: share and gain share of the shop, warm and cold, over all visits and over the
    last 40,000, and the gain share that its bounds allow; NaN where it was not run."""

    world: str
    share: Estimate = UNKNOWN
    warm: Estimate = UNKNOWN
    warm_late: Estimate = UNKNOWN
    cold: Estimate = UNKNOWN
    cold_late: Estimate = UNKNOWN
    bounds: Estimate = UNKNOWN


FIGURES = tuple(name for name in ShopRow.__annotations__ if name != "world")


def score_shop(groups: Mapping[Group, Sequence[CourseRuns]], path: str = SHOP) -> list[ShopRow]:
    """Return the row of each market, in their order; `groups` must hold runs of `path`.

    The share is the warm one and so are the bounds, where there was a warm start.
    """
    known: dict[str, dict[str, Estimate]] = {}
    for (world, warm), runs in groups.items():
        score, row = score_agent(runs, path), known.setdefault(world, {})
        start = "warm" if warm else "cold"
        row |= {start: score.gain_share, f"{start}_late": score.gain_late}
        allowed = score_bounds(runs)
        if warm or "share" not in row:
            row |= {"share": score.share, "bounds": UNKNOWN if allowed is None else allowed}
    return [ShopRow(world, **row) for world, row in known.items()]


def average_shop(rows: Sequence[ShopRow]) -> dict[str, float]:
    """Return the mean of each figure over markets.

    >>> row = ShopRow("logit", warm=Estimate(0.2, 0.1, 0.3))
    >>> average_shop([row, ShopRow("probit", warm=Estimate(0.4, 0.1, 0.7))])["warm"]
    0.30000000000000004
    """
    return {name: float(np.mean([getattr(row, name).value for row in rows])) for name in FIGURES}


def describe_shop(rows: Sequence[ShopRow]) -> dict[str, Any]:
    """Return every figure for JSON: by market, and the means."""
    by_world = {row.world: {name: asdict(getattr(row, name)) for name in FIGURES} for row in rows}
    return {"worlds": by_world, "mean": average_shop(rows)}
