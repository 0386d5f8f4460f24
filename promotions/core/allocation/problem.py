"""What is to be allocated: values and costs by blocks of shoppers, budgets, who may get what."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from promotions.core.allocation.best import BoolArray, Float32Array

FloatArray = NDArray[np.float64]


class Block(NamedTuple):
    """A stretch of shoppers: `value` and `cost` (rows, m) float32, in one unit of money.

    Value is the incremental margin before funding; cost the probability of redemption times the
    face value, those included who would have bought anyway. A pair that may not be has -inf.
    """

    value: Float32Array
    cost: Float32Array


@dataclass(frozen=True, slots=True)
class Problem:
    """Maximise sum_i v_i,o(i) with one offer or none per shopper, within every budget:
    sum_i c_i,o(i) [offer o(i) charges budget k] <= B_k.

    `blocks` yields the shoppers, always the same in the same order: it is called once per pass, so
    a million shoppers need not fit into memory. `budgets` (k,) are amounts of money; `charges`
    (k, m) says which budgets an offer's cost is taken from (its campaign's, and perhaps one
    over several campaigns).

    >>> value, cost = np.float32([[3, 5], [1, 9]]), np.float32([[1, 4], [1, 9]])
    >>> Problem.of(value, cost, [5.0]).charges.tolist()
    [[True, True]]
    """

    blocks: Callable[[], Iterable[Block]]
    budgets: FloatArray
    charges: BoolArray

    def __post_init__(self) -> None:
        if self.charges.ndim != 2 or len(self.charges) != len(self.budgets):
            raise ValueError("charges needs one row per budget and one column per offer")
        if not (self.budgets >= 0).all() or not np.isfinite(self.budgets).all():
            raise ValueError("a budget is an amount of money, 0 or more")

    @classmethod
    def of(
        cls, value: Float32Array, cost: Float32Array, budgets: ArrayLike, charges: ArrayLike = True
    ) -> Self:
        """Return the problem of arrays (n, m) in memory; by default each offer charges all budgets.

        Raises ValueError where a cost is negative or a number is none.
        """
        if value.shape != cost.shape or value.ndim != 2:
            raise ValueError("value and cost need one row per shopper and one column per offer")
        if value.size and not (cost.min() >= 0 and cost.max() < np.inf):
            raise ValueError("costs must be finite and 0 or more")
        if value.size and not value.max() < np.inf:
            raise ValueError("values must be numbers, or -inf where an offer may not go")
        limits = np.asarray(budgets, dtype=np.float64)
        pairs = np.broadcast_to(np.asarray(charges, dtype=bool), (len(limits), value.shape[1]))
        return cls(lambda: (Block(value, cost),), limits, pairs)

    def spend_of(self, choice: NDArray[np.int32], cost: Float32Array | FloatArray) -> FloatArray:
        """Return what the choices (n,) at their costs (n,) take from each budget, (k,)."""
        by_offer = np.bincount(choice + 1, weights=cost, minlength=self.charges.shape[1] + 1)
        return np.asarray(self.charges @ by_offer[1:])


def mask_values(value: Float32Array, allowed: BoolArray) -> Float32Array:
    """Return `value` (n, m) with -inf where an offer may not go to a shopper.

    >>> mask_values(np.float32([[1, 2]]), np.array([[True, False]])).tolist()
    [[1.0, -inf]]
    """
    return np.where(allowed, value, np.float32(-np.inf))


def mask_frequent(given: ArrayLike, cap: int) -> BoolArray:
    """Return which shoppers (n,) may get another offer: fewer than `cap` in the window.

    `given` (n,) counts what each was given in the window of the frequency cap.

    >>> mask_frequent([0, 3, 2], cap=3).tolist()
    [True, False, True]
    """
    return np.asarray(np.asarray(given) < cap)
