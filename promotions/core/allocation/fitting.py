"""The allocator: prices of money by the dual, then an allocation that keeps every budget."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from promotions.core.allocation.best import NUMPY, Best, BoolArray, Engine, Float32Array
from promotions.core.allocation.dual import (
    Pass,
    bisect_price,
    run_pass,
    sample_problem,
    walk_prices,
)
from promotions.core.allocation.problem import FloatArray, Problem
from promotions.core.allocation.settle import cut_to_budgets, move_towards, take_pass

# How far beyond a sample's price the true one is looked for first, and what is near enough.
SLACK, NEAR = 0.01, 2e-4
# Between which multiples of the prices found shoppers are moved to spend several budgets up.
TIGHTER, LOOSER = 1.004, 0.985
# Further multiples, for what is still left where shoppers are few.
FURTHER = (0.95, 0.8, 0.5)
# The first step of each price over all shoppers: a sample has found all but its own chance.
FINE_ETA = 0.05


class Allocator(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Gives each shopper at most one offer, for the most value that the budgets allow.

    Prices of money come from `sample` random shoppers, then from at most `passes` passes over all;
    the last step spends what is left and never more. `engine` makes a pass over all: NUMPY or
    COMPILED, with equal results (a sample is too small to share among cores). Learned: `price_`
    (k,) lambda in value per money, `choice_` (n,) the offer or -1, `value_`, `spend_` (k,),
    `bound_` what no allocation can exceed (see `dual`).

    >>> rng = np.random.default_rng(0)
    >>> value = rng.random((500, 4), dtype=np.float32)
    >>> cost = rng.random((500, 4), dtype=np.float32)
    >>> model = Allocator().fit(Problem.of(value, cost, [20.0]))
    >>> bool(19.9 < model.spend_[0] <= 20.0), bool(model.value_ > 0.999 * model.bound_)
    (True, True)
    >>> model.predict(value[:3], cost[:3]).choice.shape
    (3,)
    """

    price_: FloatArray
    choice_: NDArray[np.int32]
    spend_: FloatArray
    value_: float
    bound_: float
    is_open_: BoolArray

    def __init__(
        self, *, engine: Engine = NUMPY, sample: int = 20_000, passes: int = 8, seed: int = 0
    ) -> None:
        self.engine = engine
        self.sample = sample
        self.passes = passes
        self.seed = seed

    def fit(self, problem: Problem, y: None = None) -> Self:
        """Learn prices from the problem's shoppers and allocate its budgets to them."""
        self._problem, self._bound = problem, np.inf
        within, beyond = self._fit_one() if len(problem.budgets) == 1 else self._fit_several()
        self._scarce = within.price
        settled = cut_to_budgets(problem, within)
        settled = move_towards(problem, settled, take_pass(problem, beyond))
        for looser in FURTHER:
            if (self._left(settled.spend) <= NEAR).all():
                break
            more = self._pass(within.price * looser)
            settled = move_towards(problem, settled, take_pass(problem, more))
        self.choice_, self.spend_ = settled.choice, settled.spend
        self.value_, self.bound_ = float(settled.worth.sum()), self._bound
        self.price_, self._charges = within.price, problem.charges
        self.is_open_ = np.asarray(~problem.charges[problem.budgets <= 0].any(axis=0))
        del self._problem
        return self

    def predict(self, value: Float32Array, cost: Float32Array) -> Best:
        """Return the best offers of other shoppers (rows, m) at the learned prices of money.

        Nothing is spent: whoever gives the offer out takes it from the budget in one step.
        """
        by_offer = (self.price_ @ self._charges).astype(np.float32)
        return self.engine(value, cost, by_offer, self.is_open_)

    def _fit_one(self) -> tuple[Pass, Pass]:
        problem = self._problem
        part, share = sample_problem(problem, self.sample, self.seed)
        start = bisect_price(part, NUMPY)
        slack = SLACK if share < 1 else 1e-6
        if start < 1e-6:  # perhaps money is not short at all
            free = self._pass(np.zeros(1))
            if free.is_within(problem.budgets):
                return free, free
            start = start or 1e-6
        low, high = self._pass([start / (1 + slack)]), self._pass([start * (1 + slack)])
        while low.is_within(problem.budgets) and low.price[0] > 1e-30:
            slack *= 4
            low, high = self._pass(low.price / (1 + slack)), low
        while not high.is_within(problem.budgets) and high.price[0] < 1e30:
            slack *= 4
            low, high = high, self._pass(high.price * (1 + slack))
        for step in range(self.passes - 2):
            if high.spend[0] >= (1 - NEAR) * problem.budgets[0]:
                break
            low, high = self._narrow(low, high, halve=step % 3 == 2)
        return high, low

    def _narrow(self, low: Pass, high: Pass, *, halve: bool) -> tuple[Pass, Pass]:
        """Return a smaller bracket: the price at which a straight line through both just meets the
        budget, moved a little to the safe side; or half of it, so that it surely shrinks."""
        budget = self._problem.budgets[0]
        share = (low.spend[0] - budget * (1 - NEAR / 2)) / (low.spend[0] - high.spend[0])
        share = 0.5 if halve else min(max(share, 0.02), 0.98)
        found = self._pass(low.price + (high.price - low.price) * share)
        return (low, found) if found.is_within(self._problem.budgets) else (found, high)

    def _fit_several(self) -> tuple[Pass, Pass]:
        problem = self._problem
        part, _ = sample_problem(problem, self.sample, self.seed)
        walked = walk_prices(part, NUMPY, np.ones(len(problem.budgets)))
        if part is not problem:
            price = _cheapest(walked).price
            steps = max(self.passes - 3, 1)
            walked = walk_prices(problem, self.engine, price, steps=steps, eta=FINE_ETA)
        price, self._bound = _cheapest(walked).price, _cheapest(walked).bound
        within = self._pass(price * TIGHTER)
        over = within.spend > problem.budgets
        if over.any():
            more = np.where(over, 1 + 2 * (within.spend / np.maximum(problem.budgets, 1e-9) - 1), 1)
            within = self._pass(within.price * np.minimum(more, 2.0))
        return within, self._pass(price * LOOSER)

    def _left(self, spend: FloatArray) -> FloatArray:
        """Return the share of each budget that is left though its money was found scarce, (k,)."""
        budgets = self._problem.budgets
        share = 1.0 - spend / np.where(budgets > 0, budgets, 1.0)
        return np.where((budgets > 0) & (self._scarce > 0), share, 0.0)

    def _pass(self, price: FloatArray | list[float]) -> Pass:
        found = run_pass(self._problem, np.asarray(price, dtype=np.float64), self.engine)
        self._bound = min(self._bound, found.bound)
        return found


def _cheapest(walked: list[Pass]) -> Pass:
    """Return the pass with the least bound: where the dual is nearest to its minimum."""
    return min(walked, key=lambda found: found.bound)
