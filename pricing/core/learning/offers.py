"""Prices beside the competitor's."""

from __future__ import annotations

import numpy as np

from pricing.core.arrays import FloatArray
from pricing.core.learning.contract import Context

FARTHEST = 1.0  # log gap to the competitor's price; beyond, a gap counts as this


def find_gaps(context: Context) -> FloatArray:
    """Return log(competitor price / public price), (m,), held within +-1; 0 where none is known.

    >>> context = Context([1, 2], [4.0, 4.0], [1.0, 1.0], {}, 0, competitor_prices=[4.0, np.nan])
    >>> find_gaps(context).tolist()
    [0.0, 0.0]
    """
    return np.clip(np.nan_to_num(_compare(context)), -FARTHEST, FARTHEST)


def find_excess(context: Context, log_ratio: FloatArray) -> FloatArray:
    """Return how far prices lie above the competitor's, in logs, 0 where below or unknown.

    `log_ratio`: (m, k) log of price / public price.

    >>> context = Context([1, 2], [4.0, 4.0], [1.0, 1.0], {}, 0, competitor_prices=[4.0, np.nan])
    >>> find_excess(context, np.array([[-0.1, 0.2], [-0.1, 0.2]])).tolist()
    [[0.0, 0.2], [0.0, 0.0]]
    """
    excess: FloatArray = np.clip(
        np.nan_to_num(log_ratio - _compare(context)[:, None]), 0.0, FARTHEST
    )
    return excess


def _compare(context: Context) -> FloatArray:
    if context.competitor_prices is None:
        return np.full(context.items, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = np.log(context.competitor_prices / context.public_prices)
    return np.where(np.isfinite(gap), gap, np.nan)
