"""Price rank of a variant within its category."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def rank_prices(
    category_id: NDArray[np.int64], list_minor: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return, per variant, where its list price stands in its category: 0 cheapest, 1 dearest.

    Ties share the middle of their places; a variant alone in its category is in the middle, 0.5.

    >>> rank_prices(np.array([1, 1, 1, 2]), np.array([300, 100, 200, 500])).tolist()
    [1.0, 0.0, 0.5, 0.5]
    """
    ranks = np.full(len(category_id), 0.5)
    order = np.lexsort((list_minor, category_id))
    _categories, starts = np.unique(category_id[order], return_index=True)
    stops = np.append(starts[1:], len(order))[: len(starts)]  # an empty catalogue has no categories
    for start, stop in zip(starts, stops, strict=True):
        if stop - start < 2:
            continue
        members = order[start:stop]
        prices = list_minor[members]
        below = np.searchsorted(prices, prices, side="left")
        upto = np.searchsorted(prices, prices, side="right") - 1
        ranks[members] = (below + upto) / 2 / (stop - start - 1)
    return ranks
