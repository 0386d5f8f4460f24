"""64 bits of many columns, by which equal rows are found."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pricing.base.core.arrays import FloatArray

_ODD = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)


def stir(hashed: NDArray[np.uint64], columns: Sequence[FloatArray]) -> NDArray[np.uint64]:
    """Return hashes (n,) that depend on every bit of `hashed` (n,) and of the columns (n,) each
    (splitmix). Two different rows meet by chance once in 2^64 pairs.

    >>> same = stir(np.zeros(3, dtype=np.uint64), [np.array([1.0, 1.0, 2.0])])
    >>> bool(same[0] == same[1]), bool(same[0] == same[2])
    (True, False)
    """
    for column in columns:
        bits = np.ascontiguousarray(column + 0.0).view(np.uint64)
        mixed = (hashed ^ bits) * _ODD
        mixed = (mixed ^ (mixed >> np.uint64(29))) * _MIX
        hashed = mixed ^ (mixed >> np.uint64(32))
    return hashed
