"""Best offer of each shopper at given multipliers: one pass over shoppers x offers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Float32Array = NDArray[np.float32]
BoolArray = NDArray[np.bool_]
NULL_OFFER = -1
# Rows of one numpy step: with 100 offers its scores stay in the cache.
ROWS = 4_096


class Best(NamedTuple):
    """Per shopper, all (n,): the offer (int32, NULL_OFFER for none), its score and its cost."""

    choice: NDArray[np.int32]
    score: Float32Array
    cost: Float32Array


def find_best(
    value: Float32Array, cost: Float32Array, price: Float32Array, is_open: BoolArray
) -> Best:
    """Return argmax_j value_ij - price_j cost_ij over open offers, or none if that is <= 0.

    `value` and `cost` (n, m) in money, -inf in `value` where an offer may not go to a shopper;
    `price` (m,) is what a unit of each offer's cost costs its budgets, `is_open` (m,) whether the
    offer may be given at all. The lower index wins a tie. numpy, in steps of ROWS rows.

    >>> value = np.array([[3, 5], [1, 9]], dtype=np.float32)
    >>> cost = np.array([[1, 4], [1, 9]], dtype=np.float32)
    >>> found = find_best(value, cost, np.float32([1, 1]), np.array([True, True]))
    >>> found.choice.tolist(), found.score.tolist(), found.cost.tolist()
    ([0, -1], [2.0, 0.0], [1.0, 0.0])
    """
    rows = len(value)
    found = Best(
        np.full(rows, NULL_OFFER, np.int32), np.zeros(rows, np.float32), np.zeros(rows, np.float32)
    )
    room = np.empty((min(ROWS, rows), len(price)), np.float32)
    closed = np.flatnonzero(~is_open)
    for start in range(0, rows, ROWS):
        part = slice(start, min(start + ROWS, rows))
        scores = room[: part.stop - start]
        np.multiply(cost[part], price, out=scores)
        np.subtract(value[part], scores, out=scores)
        scores[:, closed] = -np.inf
        at = scores.argmax(axis=1)
        each = np.arange(len(at))
        top = scores[each, at]
        takes = top > 0
        found.choice[part] = np.where(takes, at, NULL_OFFER)
        found.score[part] = np.where(takes, top, 0)
        found.cost[part] = np.where(takes, cost[part][each, at], 0)
    return found
