"""Markets that change by themselves: a shift, a price war, shocks that drove past prices."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy.special import expit

from pricing.base.core.values import BoolArray, FloatArray, IntArray
from shop.lab.market import SegmentMarket
from shop.lab.setting import Setting, Truth, draw_truth


class ShiftingMarket(SegmentMarket):
    """Logit; then half of each taste is drawn anew and slopes rise by 30 %."""

    name: ClassVar[str] = "demand_shift"

    def __init__(self, setting: Setting, seed: int) -> None:
        """Draw both truths."""
        super().__init__(setting, seed)
        other = draw_truth(setting, self._truth_rng)
        self._after = Truth(
            intercept=0.5 * (self.truth.intercept + other.intercept),
            slope=1.3 * np.sqrt(self.truth.slope * other.slope),
            popularity=self.truth.popularity,
            segment_share=self.truth.segment_share,
            public=self.truth.public,
            cost=self.truth.cost,
            ladder=self.truth.ladder,
        )

    def _advance(self) -> None:
        if self.visits_seen >= self.setting.shift_after:
            self.truth = self._after


class WarringMarket(SegmentMarket):
    """A competitor, known for four items in five, undercuts one family of items after another.

    Utility falls by `above` for each log unit by which the shop is dearer and grows by `below` for
    each by which it is cheaper. A war begins in a family of five with 3 % a day, pushes the other
    price down by 4 % a day to 0.7 of normal, and lasts 12 days on average.
    """

    name: ClassVar[str] = "competitor_war"
    family, above, below = 5, 3.0, 1.0

    def __init__(self, setting: Setting, seed: int) -> None:
        """Draw who has a competitor, and at which price."""
        super().__init__(setting, seed)
        self._is_known = self._truth_rng.random(setting.items) < 0.8
        self._normal = np.exp(self._truth_rng.normal(0.02, 0.06, setting.items))
        self._depth = np.ones(setting.items)
        self._is_at_war: BoolArray = np.zeros(-(-setting.items // self.family), dtype=bool)

    def chance(self, item: IntArray, segment: IntArray, ratio: FloatArray) -> FloatArray:
        """Return the purchase probability beside the competitor's price of today."""
        truth = self.truth
        gap = np.log(ratio) - np.log(self._normal * self._depth)[item]
        pull = np.where(gap > 0, self.above * gap, self.below * gap) * self._is_known[item]
        index = truth.intercept[item, segment] - truth.slope[item, segment] * (ratio - 1.0)
        return np.asarray(expit(index - pull))

    def _advance(self) -> None:
        draw = self._fate.random(len(self._is_at_war))
        self._is_at_war = np.where(self._is_at_war, draw < 1 - 1 / 12, draw < 0.03)
        fights = np.repeat(self._is_at_war, self.family)[: self.setting.items]
        self._depth = np.where(
            fights, np.maximum(self._depth * 0.96, 0.7), np.minimum(self._depth * 1.02, 1.0)
        )

    def _competitors(self) -> FloatArray:
        price = self.truth.public * self._normal * self._depth
        return np.where(self._is_known, price, np.nan)


class EndogenousMarket(SegmentMarket):
    """Unseen shocks move each item's demand; past prices followed them, up in good times.

    The shock z of an item is AR(1) with 0.8 a day and sd 0.5 logits. In the logged past the price
    was three price points up when z + noise was high and three down when it was low, so a
    regression of past sales on past prices sees too little price response.
    """

    name: ClassVar[str] = "endogenous_history"
    persistence, sd, noise = 0.8, 0.5, 0.25

    def __init__(self, setting: Setting, seed: int) -> None:
        """Start the shocks from their stationary law."""
        super().__init__(setting, seed)
        self._shock = self._fate.normal(0.0, self.sd, setting.items)

    def chance(self, item: IntArray, segment: IntArray, ratio: FloatArray) -> FloatArray:
        """Return the purchase probability under today's shock."""
        truth = self.truth
        index = truth.intercept[item, segment] - truth.slope[item, segment] * (ratio - 1.0)
        return np.asarray(expit(index + self._shock[item]))

    def _advance(self) -> None:
        fresh = self.sd * np.sqrt(1 - self.persistence**2)
        drawn = self._fate.normal(0.0, fresh, self.setting.items)
        self._shock = self.persistence * self._shock + drawn

    def _past_price_points(self) -> IntArray:
        seen = self._shock + self._past.normal(0.0, self.noise, self.setting.items)
        middle, reach = self.setting.rungs // 2, min(3, self.setting.rungs // 2)
        return middle + reach * ((seen > 0.25).astype(int) - (seen < -0.25).astype(int))
