"""One agent in one market: warm start, visits, and what a knower of the truth would have earned."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from pricing.core.learning import PricingAgent
from pricing.core.values import FloatArray
from shop.simulation.market import Insider, Insight
from shop.simulation.setting import Setting
from shop.simulation.worlds import make_market

INSIGHTS: tuple[Insight, ...] = ("clairvoyant", "uniform", "usual")
WARM_ROWS = 20_000


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
    spent = 0.0
    if course.warm:
        for outcomes in market.live_through(WARM_ROWS):
            started = time.perf_counter()
            agent.observe(outcomes)
            spent += time.perf_counter() - started
    profit, sales = np.zeros(course.batches), np.zeros(course.batches)
    for day in range(course.batches):
        context = market.arrive()
        started = time.perf_counter()
        proposal = agent.propose(context)
        spent += time.perf_counter() - started
        settlement = market.settle(proposal.prices)
        started = time.perf_counter()
        agent.observe(settlement.outcomes)
        spent += time.perf_counter() - started
        profit[day] = settlement.profit.sum()
        sales[day] = np.count_nonzero(settlement.outcomes.chosen >= 0)
    return Run(profit, sales, spent)


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
