"""Who gets which offer within a budget: the problem, its dual, and the fitted answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

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


# The dual of the linear programme is D(lambda) = sum_i max(0, max_j v_ij - price_j c_ij) + lambda
# . B with price_j = sum of lambda_k over the budgets that offer j charges. It is convex, its
# slope in lambda_k is B_k - spend_k(lambda), and for every lambda >= 0 it is at least what any
# allocation, split offers included, can be worth (weak duality): the bound that results are
# compared with. Single budget: a root of spend(lambda) = B. Several: lambda_k *= exp(eta (spend_k
# / B_k - 1)). Sources: Albert and Goldenberg 2022 (arXiv 2108.13298), Zhao et al. 2019 (arXiv
# 1902.01128).

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
