"""From an allocation within the budgets and others a little beyond to one that spends them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from promotions.core.allocation.best import NULL_OFFER
from promotions.core.allocation.dual import Pass
from promotions.core.allocation.problem import FloatArray, Problem

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
