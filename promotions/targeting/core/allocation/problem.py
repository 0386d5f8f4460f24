"""The allocation problem: values, costs and budgets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from promotions.targeting.core.allocation.best import BoolArray, Float32Array

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Problem:
    """Maximise sum_i v_i,o(i) with one offer or none per shopper, within every budget:
    sum_i c_i,o(i) [offer o(i) charges budget k] <= B_k.

    `value` and `cost` (n, m) float32 are in one unit of money: value is the incremental margin
    before funding, cost the probability of redemption times the face value, those included who
    would have bought anyway. A pair that may not be has a value of -inf. `budgets` (k,) are amounts
    of money; `charges` (k, m) says which budgets an offer's cost is taken from (its campaign's, and
    perhaps one over several campaigns).

    >>> value, cost = np.float32([[3, 5], [1, 9]]), np.float32([[1, 4], [1, 9]])
    >>> Problem.of(value, cost, [5.0]).charges.tolist()
    [[True, True]]
    """

    value: Float32Array
    cost: Float32Array
    budgets: FloatArray
    charges: BoolArray

    @classmethod
    def of(
        cls, value: Float32Array, cost: Float32Array, budgets: ArrayLike, charges: ArrayLike = True
    ) -> Self:
        """Return the problem, checked; by default each offer charges all budgets.

        Raises ValueError where a cost or a budget is negative or a number is none.
        """
        if value.shape != cost.shape or value.ndim != 2:
            raise ValueError("value and cost need one row per shopper and one column per offer")
        if value.size and not (cost.min() >= 0 and cost.max() < np.inf):
            raise ValueError("costs must be finite and 0 or more")
        if value.size and not value.max() < np.inf:
            raise ValueError("values must be numbers, or -inf where an offer may not go")
        limits = np.asarray(budgets, dtype=np.float64)
        if not (limits >= 0).all() or not np.isfinite(limits).all():
            raise ValueError("a budget is an amount of money, 0 or more")
        pairs = np.broadcast_to(np.asarray(charges, dtype=bool), (len(limits), value.shape[1]))
        return cls(value, cost, limits, pairs)

    def spend_of(self, choice: NDArray[np.int32], cost: Float32Array | FloatArray) -> FloatArray:
        """Return what the choices (n,) at their costs (n,) take from each budget, (k,)."""
        by_offer = np.bincount(choice + 1, weights=cost, minlength=self.charges.shape[1] + 1)
        return np.asarray(self.charges @ by_offer[1:])
