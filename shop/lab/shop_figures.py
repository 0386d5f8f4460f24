"""Earnings of the shop's own path by market: the table of docs/evaluation.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from shop.lab.grid import CourseRuns
from shop.lab.report import Group
from shop.lab.shop_path import SHOP
from shop.lab.summary import Estimate, score_agent, score_bounds
from shop.lab.worlds import STATIONARY

UNKNOWN = Estimate(float("nan"), float("nan"), float("nan"))
IMPROVEMENTS = ("warm_improvement", "cold_improvement")


@dataclass(frozen=True, slots=True)
class ShopRow:
    """One market: share and gain share of the shop, warm and cold, over all visits and over the
    last 40,000, the gain share that its bounds allow, and by how much the share of the last fifth
    of the visits is above that of the second; NaN where it was not run."""

    world: str
    share: Estimate = UNKNOWN
    warm: Estimate = UNKNOWN
    warm_late: Estimate = UNKNOWN
    cold: Estimate = UNKNOWN
    cold_late: Estimate = UNKNOWN
    bounds: Estimate = UNKNOWN
    warm_improvement: Estimate = UNKNOWN
    cold_improvement: Estimate = UNKNOWN


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
        row |= {f"{start}_improvement": score.improvement}
        allowed = score_bounds(runs, path)
        if warm or "share" not in row:
            row |= {"share": score.share, "bounds": UNKNOWN if allowed is None else allowed}
    return [ShopRow(world, **row) for world, row in known.items()]


def average_shop(rows: Sequence[ShopRow]) -> dict[str, float]:
    """Return the mean of each figure over markets; improvements over stationary markets only.

    >>> row = ShopRow("logit", warm=Estimate(0.2, 0.1, 0.3))
    >>> average_shop([row, ShopRow("probit", warm=Estimate(0.4, 0.1, 0.7))])["warm"]
    0.30000000000000004
    """
    means = {}
    for name in FIGURES:
        kept = [row for row in rows if name not in IMPROVEMENTS or row.world in STATIONARY]
        found = [getattr(row, name).value for row in kept]
        means[name] = float(np.mean(found)) if found else float("nan")
    return means


def find_worst(rows: Sequence[ShopRow], name: str) -> tuple[str, Estimate]:
    """Return the market where a figure is least, and the figure; of improvements those of
    stationary markets only.

    >>> rows = [ShopRow("logit", warm=Estimate(0.2, 0.1, 0.3)), ShopRow("probit", warm=UNKNOWN)]
    >>> find_worst(rows, "warm")[0]
    'logit'
    """
    known = [
        (getattr(row, name).value, row.world, getattr(row, name))
        for row in rows
        if name not in IMPROVEMENTS or row.world in STATIONARY
    ]
    least = min((one for one in known if one[0] == one[0]), default=(0.0, "-", UNKNOWN))
    return least[1], least[2]


def describe_shop(rows: Sequence[ShopRow]) -> dict[str, Any]:
    """Return every figure for JSON: by market, the means, and the worst markets."""
    by_world = {row.world: {name: asdict(getattr(row, name)) for name in FIGURES} for row in rows}
    found = {name: find_worst(rows, name) for name in ("warm", "cold", *IMPROVEMENTS)}
    worst = {name: {"world": world} | asdict(one) for name, (world, one) in found.items()}
    return {"worlds": by_world, "mean": average_shop(rows), "worst": worst}
