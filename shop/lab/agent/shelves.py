"""Groups of products that are ever offered together: families of the choice model."""

from __future__ import annotations

import numpy as np

from pricing.base.core.values import BoolArray, IntArray

ALONE = 0  # the family of products that are only ever offered alone


class Shelves:
    """Groups of products by slot that met, each named by its lowest slot.

    >>> shelves = Shelves()
    >>> shelves.meet(np.array([0, 1, 2]), np.array([[True, False, True], [False, True, False]]))
    >>> shelves.find(np.array([0, 1, 2])).tolist()
    [1, 0, 1]
    """

    def __init__(self) -> None:
        """Nothing has met."""
        self.first = np.zeros(0, dtype=np.int64)

    def meet(self, slot: IntArray, offered: BoolArray) -> None:
        """Take in which products (m,) each shopper saw together, (n, m)."""
        missing = int(slot.max(initial=-1)) + 1 - len(self.first)
        if missing > 0:
            fresh = len(self.first) + np.arange(missing)
            self.first = np.concatenate([self.first, fresh])
        seen = offered.astype(np.float32)
        together = seen.T @ seen > 0.0
        for at in np.flatnonzero(together.sum(axis=1) > 1).tolist():
            met = self.first[slot[together[at]]]
            if met.min() != met.max():
                self.first[np.isin(self.first, met)] = met.min()

    def find(self, slot: IntArray) -> IntArray:
        """Return the family of each good that was taken in (k,): ALONE, or one more than the lowest
        slot there."""
        size = np.bincount(self.first)
        first = self.first[slot]
        return np.where(size[first] > 1, first + 1, ALONE)
