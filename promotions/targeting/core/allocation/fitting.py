"""The allocator: multipliers from the dual, then an allocation that keeps every budget."""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from promotions.targeting.core.allocation.best import NULL_OFFER
from promotions.targeting.core.allocation.dual import (
    Pass,
    bisect_price,
    run_pass,
    sample_problem,
    walk_prices,
)
from promotions.targeting.core.allocation.problem import FloatArray, Problem

# Sums of floats differ in their last digits by their order: what is kept back for that.
RESERVE = 1e-9


class Settled(NamedTuple):
    """Who gets what, (n,) each: offer, what it costs and what it is worth; spend (k,)."""

    choice: NDArray[np.int32]
    cost: FloatArray
    worth: FloatArray
    spend: FloatArray


def take_pass(problem: Problem, found: Pass) -> Settled:
    """Return what a pass gives out; worth is score + price x cost."""
    by_offer = np.append((found.price @ problem.charges).astype(np.float32), 0.0)
    cost = found.best.cost.astype(np.float64)
    worth = found.best.score + by_offer[found.best.choice] * cost
    return Settled(found.best.choice, cost, worth, found.spend)


def cut_to_budgets(problem: Problem, found: Pass) -> Settled:
    """Return what a pass gives out, without those whom overspent budgets cannot pay: the least
    score per cost goes first, until every budget holds."""
    choice, cost, worth, spend = take_pass(problem, found)
    choice = choice.copy()
    limits = problem.budgets * (1 - RESERVE)
    for k in np.flatnonzero(spend > limits):
        charged = np.append(problem.charges[k], False)[choice]
        at = np.flatnonzero(charged & (cost > 0))
        order = at[np.argsort(-found.best.score[at] / cost[at], kind="stable")]
        drop = order[np.cumsum(cost[order]) > limits[k]]
        choice[drop], cost[drop], worth[drop] = NULL_OFFER, 0.0, 0.0
        spend = problem.spend_of(choice, cost)
    return Settled(choice, cost, worth, spend)


def move_towards(problem: Problem, start: Settled, beyond: Settled) -> Settled:
    """Return `start` moved towards `beyond` while money is left.

    Shoppers whose two choices differ are asked in the order of worth gained per money added; each
    moves if all budgets that its new offer charges can pay it. No budget is ever over.
    """
    gain, extra = beyond.worth - start.worth, beyond.cost - start.cost
    differ = np.flatnonzero((start.choice != beyond.choice) & (gain > 0))
    density = np.full(len(differ), np.inf)
    costs_more = extra[differ] > 0
    np.divide(gain[differ], extra[differ], out=density, where=costs_more)
    order = differ[np.argsort(-density, kind="stable")]
    left = (problem.budgets * (1 - RESERVE) - start.spend).tolist()
    moved = order[_afford(problem, left, start, beyond, order)]
    choice, cost, worth = start.choice.copy(), start.cost.copy(), start.worth.copy()
    choice[moved] = beyond.choice[moved]
    cost[moved], worth[moved] = beyond.cost[moved], beyond.worth[moved]
    return Settled(choice, cost, worth, problem.spend_of(choice, cost))


def _afford(
    problem: Problem, left: list[float], start: Settled, beyond: Settled, order: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return which of `order` can be paid one after another from what is `left` per budget."""
    charged = [np.flatnonzero(column).tolist() for column in problem.charges.T] + [[]]
    is_paid = np.zeros(len(order), dtype=bool)
    each = zip(
        *(part[order].tolist() for part in (start.choice, beyond.choice, start.cost, beyond.cost)),
        strict=True,
    )
    for at, (old, new, old_cost, new_cost) in enumerate(each):
        for k in charged[old]:
            left[k] += old_cost
        for k in charged[new]:
            left[k] -= new_cost
        if min((left[k] for k in charged[new]), default=0.0) >= 0:
            is_paid[at] = True
            continue
        for k in charged[old]:
            left[k] -= old_cost
        for k in charged[new]:
            left[k] += new_cost
    return is_paid


# How far beyond a sample's price the true one is looked for first, and what is near enough.
SLACK, NEAR = 0.01, 2e-4
# Between which multiples of the prices found shoppers are moved to spend several budgets up.
TIGHTER, LOOSER = 1.004, 0.985
# Further multiples, for what is still left where shoppers are few.
FURTHER = (0.95, 0.8, 0.5)
# How often prices are tried on all shoppers.
PASSES = 8
# The first step of each price over all shoppers: a sample has found all but its own chance.
FINE_ETA = 0.05


class Allocator:
    """Gives each shopper at most one offer, for the most value that the budgets allow.

    Prices of money come from `sample` random shoppers, then from at most PASSES passes over all;
    the last step spends what is left and never more. Learned: `price_` (k,) lambda in value per
    money, `choice_` (n,) the offer or -1, `value_`, `spend_` (k,),
    `bound_` what no allocation can exceed (see `dual`).

    >>> rng = np.random.default_rng(0)
    >>> value = rng.random((500, 4), dtype=np.float32)
    >>> cost = rng.random((500, 4), dtype=np.float32)
    >>> model = Allocator().fit(Problem.of(value, cost, [20.0]))
    >>> bool(19.9 < model.spend_[0] <= 20.0), bool(model.value_ > 0.999 * model.bound_)
    (True, True)
    """

    price_: FloatArray
    choice_: NDArray[np.int32]
    spend_: FloatArray
    value_: float
    bound_: float

    def __init__(self, *, sample: int = 20_000) -> None:
        self.sample = sample

    def fit(self, problem: Problem) -> Self:
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
        self.price_ = within.price
        del self._problem
        return self

    def _fit_one(self) -> tuple[Pass, Pass]:
        problem = self._problem
        part, share = sample_problem(problem, self.sample)
        start = bisect_price(part)
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
        for step in range(PASSES - 2):
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
        part, _ = sample_problem(problem, self.sample)
        walked = walk_prices(part, np.ones(len(problem.budgets)))
        if part is not problem:
            price = _cheapest(walked).price
            steps = PASSES - 3
            walked = walk_prices(problem, price, steps=steps, eta=FINE_ETA)
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
        found = run_pass(self._problem, np.asarray(price, dtype=np.float64))
        self._bound = min(self._bound, found.bound)
        return found


def _cheapest(walked: list[Pass]) -> Pass:
    """Return the pass with the least bound: where the dual is nearest to its minimum."""
    return min(walked, key=lambda found: found.bound)
