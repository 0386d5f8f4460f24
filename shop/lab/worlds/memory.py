"""Markets that remember what was shown: reference prices, and shoppers who wait for a sale."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy.special import expit

from pricing.base.core.values import BoolArray, FloatArray, IntArray
from shop.lab.market import SegmentMarket, Visits
from shop.lab.setting import Setting


class ReferenceMarket(SegmentMarket):
    """Shoppers compare with the price they remember, and mind losses more than they like gains.

    index = intercept - slope * ((1 - part) * (ratio - 1) + part * felt), where felt is
    `aversion` * (ratio - memory) above memory and (ratio - memory) below it. The memory of a
    segment for an item moves by `speed` towards each price shown to it. With loss aversion the best
    path tends to a constant price (Popescu, Wu, "Dynamic pricing strategies with reference
    effects", Operations Research 2007); the clairvoyant here plans it by value iteration over the
    remembered price.
    """

    name: ClassVar[str] = "reference_price"
    part, aversion, speed = 0.4, 1.5, 0.04
    grid, patience, sweeps = 61, 0.97, 150  # of the clairvoyant's plan; patience is per day

    def __init__(self, setting: Setting, seed: int) -> None:
        """Everybody remembers the public price."""
        super().__init__(setting, seed)
        self._memory = np.ones((setting.items, setting.segments))
        self._plan: IntArray | None = None

    def chance(self, item: IntArray, segment: IntArray, ratio: FloatArray) -> FloatArray:
        """Return the purchase probability of shoppers with today's memory."""
        return self._chance_beside(item, segment, ratio, self._memory[item, segment])

    def _chance_beside(
        self, item: IntArray, segment: IntArray, ratio: FloatArray, memory: FloatArray
    ) -> FloatArray:
        gap = ratio - memory
        felt = np.where(gap > 0, self.aversion * gap, gap)
        price = (1 - self.part) * (ratio - 1.0) + self.part * felt
        return np.asarray(
            expit(self.truth.intercept[item, segment] - self.truth.slope[item, segment] * price)
        )

    def _remember(self, ratio: FloatArray, is_bought: BoolArray) -> None:
        shape, visits = self._memory.shape, self.now
        cell = visits.item * shape[1] + visits.segment
        count = np.bincount(cell, minlength=self._memory.size).reshape(shape)
        total = np.bincount(cell, weights=ratio, minlength=self._memory.size).reshape(shape)
        mean = np.divide(total, count, out=self._memory.copy(), where=count > 0)
        self._memory += (1 - (1 - self.speed) ** count) * (mean - self._memory)

    def best_price_points(self) -> IntArray:
        if self._plan is None:
            self._plan = self._make_plan()
        ladder, visits = self.truth.ladder, self.now
        place = (self._memory - ladder[0]) / (ladder[-1] - ladder[0]) * (self.grid - 1)
        nearest = np.clip(np.rint(place).astype(int), 0, self.grid - 1)
        return self._plan[visits.item, visits.segment, nearest[visits.item, visits.segment]]

    def _make_plan(self) -> IntArray:
        """Return the best price point for each item, segment and remembered price, (I, S, G)."""
        items, segments, states, price_points = np.ogrid[
            : self.setting.items, : self.setting.segments, : self.grid, : self.setting.rungs
        ]
        ladder, truth = self.truth.ladder, self.truth
        memory = np.linspace(ladder[0], ladder[-1], self.grid)[states]
        ratio = ladder[price_points]
        profit = self._chance_beside(items, segments, ratio, memory) * (ratio - truth.cost[items])
        daily = self.setting.batch * truth.popularity[items] * truth.segment_share[segments]
        moved = memory + (1 - (1 - self.speed) ** daily) * (ratio - memory)
        place = (moved - ladder[0]) / (ladder[-1] - ladder[0]) * (self.grid - 1)
        below = np.clip(place.astype(int), 0, self.grid - 2)
        part = place - below
        below += np.arange(daily.size).reshape(daily.shape) * self.grid
        value = profit.max(axis=3)
        best = profit
        for _ in range(self.sweeps):
            flat = value.ravel()
            best = profit + self.patience * (flat[below] * (1 - part) + flat[below + 1] * part)
            value = best.max(axis=3)
        return np.asarray(best.argmax(axis=3))

    def _uniform_price_points(self) -> IntArray:
        """Return the best constant price: in time it is what everybody remembers."""
        items, segments, price_points = np.ogrid[
            : self.setting.items, : self.setting.segments, : self.setting.rungs
        ]
        ratio = self.truth.ladder[price_points]
        profit = self._chance_beside(items, segments, ratio, ratio)
        profit = profit * (ratio - self.truth.cost[items])
        mean = np.einsum("isk,s->ik", profit, self.truth.segment_share)
        return mean.argmax(axis=1)[self.now.item]


class WaitingMarket(SegmentMarket):
    """Some shoppers wait: above the lowest price of the last days they do not buy at once.

    `waiters` of the visits are strategic. Where the price is above the lowest remembered one they
    leave; `returning` of them come back the next day and then decide as others do. The lowest
    price is forgotten by `fading` a day. A price that does not move makes nobody wait, and no
    other policy can earn more from any one visit, so the clairvoyant is the logit's.
    """

    name: ClassVar[str] = "strategic_waiters"
    waiters, returning, fading, tolerance = 0.3, 0.5, 1.015, 1.005

    def __init__(self, setting: Setting, seed: int) -> None:
        """Nobody has seen a price yet."""
        super().__init__(setting, seed)
        self._lowest = np.full((setting.items, setting.segments), np.inf)
        self._due = Visits(*(np.empty(0, dtype=t) for t in (np.int64, np.int64, float)))
        self._is_waiter = np.empty(0, dtype=bool)

    def _admit(self) -> None:
        """Add those who waited yesterday behind today's newcomers."""
        drawn = self._fate.random(len(self.now.item))
        due = self._due
        self._is_waiter = np.concatenate(
            [drawn < self.waiters, np.zeros(len(due.item), dtype=bool)]
        )
        self.now = Visits(
            item=np.concatenate([self.now.item, due.item]),
            segment=np.concatenate([self.now.segment, due.segment]),
            luck=np.concatenate([self.now.luck, due.luck]),
        )

    def _is_willing(self, ratio: FloatArray) -> BoolArray:
        lowest = self._lowest[self.now.item, self.now.segment]
        return ~(self._is_waiter & (ratio > self.tolerance * lowest))

    def _remember(self, ratio: FloatArray, is_bought: BoolArray) -> None:
        visits = self.now
        # The same number, cut in two, says who comes back and with which luck: a fresh draw would
        # make the luck of all later visits depend on how many waited.
        waits = np.flatnonzero(~self._is_willing(ratio))
        fresh = (visits.luck[waits] * 7919.0) % 1.0
        comes = waits[fresh < self.returning]
        self._due = Visits(
            item=visits.item[comes],
            segment=visits.segment[comes],
            luck=fresh[fresh < self.returning] / self.returning,
        )
        self._lowest *= self.fading
        np.minimum.at(self._lowest, (visits.item, visits.segment), ratio)
