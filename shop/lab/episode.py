"""One agent in one market: warm start, visits, and what a knower of the truth would have earned."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np

from pricing.base.core.values import FloatArray
from shop.lab.agent import LEAST_PROBABILITY, Context, PricingAgent, Proposal
from shop.lab.market import Insider, Insight
from shop.lab.setting import Setting
from shop.lab.worlds import make_market

INSIGHTS: tuple[Insight, ...] = ("clairvoyant", "uniform", "usual")
WARM_ROWS = 20_000
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Course:
    """Where and how long: `warm` shows an agent 20,000 logged visits first."""

    world: str
    seed: int
    visits: int = 100_000
    warm: bool = True
    setting: Setting = field(default_factory=Setting)

    @property
    def batches(self) -> int:
        """Return the number of days."""
        return max(1, round(self.visits / self.setting.batch))


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What one agent earned, by day."""

    profit: FloatArray  # (days,) sum of expected profits, money
    sales: FloatArray  # (days,) items bought
    seconds: float  # the agent's own time


def run_agent(course: Course, agent: PricingAgent) -> Run:
    """Return what `agent` earns on `course`."""
    market = make_market(course.world, course.setting, seed=course.seed)
    # Who brings price points of their own (the shop's charm-ended prices) cannot stand on the
    # market's.
    has_price_points = getattr(agent, "sets_own_rungs", False)
    spent = 0.0
    if course.warm:
        for outcomes in market.live_through(WARM_ROWS):
            started = time.perf_counter()
            agent.observe(outcomes)
            spent += time.perf_counter() - started
    profit, sales = np.zeros(course.batches), np.zeros(course.batches)
    for day in range(course.batches):
        context = market.arrive()
        if has_price_points:
            context = replace(context, rungs=None)
        started = time.perf_counter()
        proposal = agent.propose(context)
        spent += time.perf_counter() - started
        check_proposal(context, proposal)
        settlement = market.settle(proposal.prices)
        started = time.perf_counter()
        agent.observe(settlement.outcomes)
        spent += time.perf_counter() - started
        profit[day] = settlement.profit.sum()
        sales[day] = np.count_nonzero(settlement.outcomes.chosen >= 0)
    return Run(profit, sales, spent)


def check_proposal(context: Context, proposal: Proposal) -> None:
    """Raise ValueError, saying what, where a proposal breaks the rules of the game.

    A clairvoyant who is bound to price points can be beaten by who is not, so a price must be one
    of them; the probability of what was drawn must be one that could be logged.

    >>> context = Context([7], [4.0], [2.0], features={}, shoppers=1, rungs=[[3.8, 4.0]])
    >>> check_proposal(context, Proposal(np.array([[3.9]]), np.array([[1.0]])))
    Traceback (most recent call last):
    ...
    ValueError: 1 of 1 prices proposed are no rung, such as 3.9 for item 7
    """
    shape = (context.shoppers, context.items)
    prices, probabilities = (np.asarray(one, dtype=float) for one in proposal)
    if prices.shape != shape or probabilities.shape != shape:
        raise ValueError(f"prices and probabilities must have shape {shape}")
    shopper, item = np.nonzero(context.is_offered())
    shown, chance = prices[shopper, item], probabilities[shopper, item]
    if not np.all((chance >= LEAST_PROBABILITY - _ROUNDING) & (chance <= 1 + _ROUNDING)):
        raise ValueError(f"a price shown must have a probability in [{LEAST_PROBABILITY}, 1]")
    if context.rungs is None:
        return
    is_rung = np.zeros(len(shown), dtype=bool)
    for price_point in np.asarray(context.rungs).T:
        is_rung |= np.abs(shown - price_point[item]) <= _ROUNDING * shown
    if not is_rung.all():
        worst = int(np.flatnonzero(~is_rung)[0])
        wrong = f"{np.count_nonzero(~is_rung)} of {len(shown)} prices proposed are no rung"
        example = f"{shown[worst]:g} for item {context.item_ids[item[worst]]}"
        raise ValueError(f"{wrong}, such as {example}")


def run_insider(course: Course, insight: Insight) -> Run:
    """Return what somebody who knows the truth earns on `course`."""
    market = make_market(course.world, course.setting, seed=course.seed)
    if course.warm:
        for _ in market.live_through(WARM_ROWS):
            pass  # the same past, so the same memories
    insider = Insider(market, insight)
    profit, sales = np.zeros(course.batches), np.zeros(course.batches)
    for day in range(course.batches):
        settlement = market.settle(insider.propose(market.arrive()).prices)
        profit[day] = settlement.profit.sum()
        sales[day] = np.count_nonzero(settlement.outcomes.chosen >= 0)
    return Run(profit, sales, 0.0)
