"""The same pass as `best.find_best`, as machine code on all cores.

Both make the same float32 operations (a product, a difference, a comparison), so their choices are
equal bit for bit, and all that follows from choices is common code. numba's threads must not be
started from two threads at once: only jobs use this module, never a request.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from promotions.core.allocation.best import NULL_OFFER, Best, BoolArray, Engine, Float32Array

# Rows of one parallel step.
BLOCK = 256


@numba.njit(parallel=True, fastmath={"nnan", "nsz"})
def _find_best_compiled(  # pragma: no cover - machine code: coverage does not see it run
    value: Float32Array, cost: Float32Array, price: Float32Array, is_open: BoolArray
) -> tuple[NDArray[np.int32], Float32Array, Float32Array]:
    rows, offers = value.shape
    choice = np.full(rows, NULL_OFFER, np.int32)
    top = np.zeros(rows, np.float32)
    paid = np.zeros(rows, np.float32)
    for block in numba.prange((rows + BLOCK - 1) // BLOCK):
        scores = np.empty(offers, np.float32)
        for i in range(block * BLOCK, min(rows, (block + 1) * BLOCK)):
            best = np.float32(0)
            for j in range(offers):  # no branch that jumps: the loop runs eight offers at once
                found = value[i, j] - cost[i, j] * price[j]
                scores[j] = found if is_open[j] else -np.float32(np.inf)
                best = max(best, scores[j])
            if best > 0:
                for j in range(offers):
                    if scores[j] == best:
                        choice[i], top[i], paid[i] = j, best, cost[i, j]
                        break
    return choice, top, paid


def find_best_compiled(
    value: Float32Array, cost: Float32Array, price: Float32Array, is_open: BoolArray
) -> Best:
    """Return what `find_best` returns, from machine code on all cores.

    >>> value, cost = np.float32([[3, 5]]), np.float32([[1, 4]])
    >>> find_best_compiled(value, cost, np.float32([1, 1]), np.array([True, True])).choice.tolist()
    [0]
    """
    return Best(*_find_best_compiled(value, cost, price, is_open))


COMPILED: Engine = find_best_compiled
