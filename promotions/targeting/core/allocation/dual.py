"""Multipliers lambda_k of the budgets, found by the dual.

The dual of the linear programme is D(lambda) = sum_i max(0, max_j v_ij - price_j c_ij) + lambda . B
with price_j = sum of lambda_k over the budgets that offer j charges. It is convex, its slope in
lambda_k is B_k - spend_k(lambda), and for every lambda >= 0 it is at least what any allocation,
split offers included, can be worth (weak duality): the bound that results are compared with.
Single budget: a root of spend(lambda) = B. Several: lambda_k *= exp(eta (spend_k / B_k - 1)).
Sources: Albert and Goldenberg 2022 (arXiv 2108.13298), Zhao et al. 2019 (arXiv 1902.01128).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from promotions.targeting.core.allocation.best import Best, find_best
from promotions.targeting.core.allocation.problem import FloatArray, Problem

# A first price of money, in value per unit of cost, and how far searching goes from there.
FIRST, FARTHEST = 1.0, 2.0**60
STEPS, ETA, LEAST_ETA = 60, 0.5, 1e-4
NEARLY_FREE = 1e-9


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass over all shoppers at `price` (k,): what each would take, and what follows of it."""

    price: FloatArray
    best: Best
    spend: FloatArray
    bound: float

    def is_within(self, budgets: FloatArray) -> bool:
        """Return whether no budget is overspent."""
        return bool((self.spend <= budgets).all())


def run_pass(problem: Problem, price: FloatArray) -> Pass:
    """Return what shoppers take at `price` (k,) per budget."""
    by_offer = (price @ problem.charges).astype(np.float32)
    is_open = np.asarray(~problem.charges[problem.budgets <= 0].any(axis=0))
    best = find_best(problem.value, problem.cost, by_offer, is_open)
    spend = problem.spend_of(best.choice, best.cost)
    bound = float(best.score.sum(dtype=np.float64) + price @ problem.budgets)
    return Pass(price, best, spend, bound)


def sample_problem(problem: Problem, rows: int) -> tuple[Problem, float]:
    """Return about `rows` random shoppers with their share of the budgets, and that share."""
    total = len(problem.value)
    if total <= rows:
        return problem, 1.0
    rng = np.random.default_rng(0)
    at = np.sort(rng.choice(total, rows + 1, replace=False))
    share = len(at) / total
    kept = replace(
        problem,
        value=problem.value[at],
        cost=problem.cost[at],
        budgets=problem.budgets * share,
    )
    return kept, share


def bisect_price(problem: Problem, steps: int = 30) -> float:
    """Return the price of money at which a single budget is just spent, 0 where it never is."""
    budget = problem.budgets[0]

    def spends(price: float) -> bool:
        return bool(run_pass(problem, np.array([price])).spend[0] > budget)

    if not spends(0.0):
        return 0.0
    low, high = FIRST, FIRST
    while spends(high) and high < FARTHEST:
        high *= 4
    while not spends(low) and low > 1 / FARTHEST:
        low /= 4
    for _ in range(steps):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if spends(middle) else (low, middle)
    return high


def walk_prices(
    problem: Problem, start: FloatArray, steps: int = STEPS, eta: float = ETA
) -> list[Pass]:
    """Return the passes of `steps` multiplicative updates from `start` (k,).

    lambda_k *= exp(eta_k (min(spend_k / B_k, 3) - 1)). Each budget has an eta of its own: it
    halves where too much turned into too little or back, and grows by a fifth where it did not
    (Riedmiller and Braun 1993), for where offers are alike a small price moves many shoppers. A
    price that falls below NEARLY_FREE becomes 0: that budget does not bind.
    """
    price, rate, passes = start.copy(), np.full(len(start), eta), []
    limits = np.where(problem.budgets > 0, problem.budgets, 1.0)
    before = np.zeros(len(start))
    for _ in range(steps):
        found = run_pass(problem, price)
        passes.append(found)
        pull = np.minimum(found.spend / limits, 3.0) - 1.0
        rate = np.clip(rate * np.where(pull * before < 0, 0.5, 1.2), LEAST_ETA, ETA)
        price, before = price * np.exp(rate * pull), pull
        price[price < NEARLY_FREE] = 0.0
    return passes
