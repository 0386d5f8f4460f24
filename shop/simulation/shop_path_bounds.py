"""What somebody who knows the truth would earn within the bounds that the shop's prices have."""

from __future__ import annotations

import numpy as np

from pricing.core.values import FloatArray, Policy
from shop.simulation.episode import WARM_ROWS, Course, Run
from shop.simulation.market import Market
from shop.simulation.shop_path import POLICY
from shop.simulation.worlds import make_market


def run_within_bounds(course: Course, policy: Policy = POLICY) -> Run:
    """Return what the clairvoyant's prices earn on `course` once the shop's bounds cut them off.

    One public price for all: a rung above the best uniform one (personal prices only go down from
    it), not above the list price and within `causal_reach` of it. Each visitor pays the
    clairvoyant's price as far as that is at most `personal_cap` below. A little better might be
    possible, so this is at least what the bounds allow.
    """
    market = make_market(course.world, course.setting, seed=course.seed)
    if course.warm:
        for _ in market.live_through(WARM_ROWS):
            pass  # the same past, so the same memories
    profit, sales = np.zeros(course.batches), np.zeros(course.batches)
    for day in range(course.batches):
        listed = market.arrive().public_prices
        rung = course.setting.rung_step
        settlement = market.settle(_cut_off(market, listed, rung, policy))
        profit[day] = settlement.profit.sum()
        sales[day] = np.count_nonzero(settlement.outcomes.chosen >= 0)
    return Run(profit, sales, 0.0)


def _cut_off(market: Market, listed: FloatArray, rung: float, policy: Policy) -> FloatArray:
    """Return the prices (n, m) of today's visitors."""
    best, uniform = market.price("clairvoyant"), market.price("uniform")
    public = np.clip(uniform * rung, (1.0 - policy.causal_reach) * listed, listed)
    return np.clip(best, (1.0 - policy.personal_cap) * public, public)
