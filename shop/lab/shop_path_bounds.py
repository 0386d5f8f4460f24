"""Earnings of the clairvoyant within the bounds of the shop's prices."""

from __future__ import annotations

import numpy as np

from pricing.base.core.values import FloatArray, Policy
from shop.lab.episode import WARM_ROWS, Course, Run
from shop.lab.market import Market
from shop.lab.worlds import make_market


def run_within_bounds(course: Course, policy: Policy) -> Run:
    """Return what the clairvoyant's prices earn on `course` once the shop's bounds cut them off.

    Two steps, as the shop decides. The public price is the best uniform one, not above the ceiling
    of the list price and within `causal_reach` of it: as if there were no personal prices. Each
    visitor then pays the clairvoyant's price as far as that is at most `personal_cap` below. Prices
    beyond a bound are cut off at it, so a little better might be possible: this is at least what
    the bounds allow.
    """
    market = make_market(course.world, course.setting, seed=course.seed)
    if course.warm:
        for _ in market.live_through(WARM_ROWS):
            pass  # the same past, so the same memories
    profit, sales = np.zeros(course.batches), np.zeros(course.batches)
    for day in range(course.batches):
        listed = market.arrive().public_prices
        settlement = market.settle(cut_off(market, listed, policy))
        profit[day] = settlement.profit.sum()
        sales[day] = np.count_nonzero(settlement.outcomes.chosen >= 0)
    return Run(profit, sales, 0.0)


def cut_off(market: Market, listed: FloatArray, policy: Policy) -> FloatArray:
    """Return the prices (n, m) of today's visitors."""
    best, uniform = market.price("clairvoyant"), market.price("uniform")
    ceiling = (1.0 + policy.ceiling_over_list) * listed
    public = np.clip(uniform, (1.0 - policy.causal_reach) * listed, ceiling)
    return np.clip(best, (1.0 - policy.personal_cap) * public, public)
