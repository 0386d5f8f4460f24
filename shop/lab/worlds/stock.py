"""A market in which stock runs out before the next delivery."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy.special import expit

from pricing.base.core.values import BoolArray, FloatArray, IntArray
from shop.lab.market import Insight, SegmentMarket
from shop.lab.setting import Setting


class StockMarket(SegmentMarket):
    """Logit demand; every `cycle` days each item is filled up to a stock below usual demand.

    Stock is worth its cost at the end of a cycle, so cycles are independent. Who knows the truth
    prices by backward induction over visits left and units left:
    V(k, s) = mean over segments of max over price points of q (p - c + V(k-1, s-1)) + (1 - q)
    V(k-1, s).
    """

    name: ClassVar[str] = "stock_outs"
    cycle, scarcity = 10, 0.7

    def __init__(self, setting: Setting, seed: int) -> None:
        """Fix the stock that every delivery fills up to."""
        super().__init__(setting, seed)
        truth = self.truth
        usual = expit(truth.intercept) @ truth.segment_share
        self._visits = np.maximum(np.rint(setting.batch * self.cycle * truth.popularity), 1.0)
        self._full = np.maximum(np.rint(self.scarcity * usual * self._visits), 1.0).astype(int)
        self._left = self._full.copy()
        self._values: dict[Insight, FloatArray] = {}

    def _advance(self) -> None:
        if self.day % self.cycle == 0:
            self._left = self._full.copy()

    def _stock(self) -> FloatArray:
        return self._left.astype(float)

    def _is_in_stock(self) -> BoolArray:
        return self._left > 0

    def _serve(self, is_bought: BoolArray) -> BoolArray:
        """Return which visits find a unit left: units go in order of arrival."""
        item = self.now.item
        order = np.argsort(item, kind="stable")
        sold = np.cumsum(is_bought[order])
        first = np.searchsorted(item[order], item[order])
        before = sold - is_bought[order] - np.where(first > 0, sold[first - 1], 0)
        served = np.empty(len(item), dtype=bool)
        served[order] = before < self._left[item[order]]
        return served

    def _remember(self, ratio: FloatArray, is_bought: BoolArray) -> None:
        self._left -= np.bincount(self.now.item[is_bought], minlength=len(self._left))

    def best_price_points(self) -> IntArray:
        chance = self._grid_chance()[self.now.item, self.now.segment]
        return (chance * self._margin("clairvoyant")).argmax(axis=1)

    def _uniform_price_points(self) -> IntArray:
        mean = np.einsum("isk,s->ik", self._grid_chance(), self.truth.segment_share)
        return (mean[self.now.item] * self._margin("uniform")).argmax(axis=1)

    def _grid_chance(self) -> FloatArray:
        items, segments, price_points = np.ogrid[
            : self.setting.items, : self.setting.segments, : self.setting.rungs
        ]
        return self.chance(items, segments, self.truth.ladder[price_points])

    def _margin(self, insight: Insight) -> FloatArray:
        """Return price minus cost minus the value of the unit kept, for each visit and price."""
        if insight not in self._values:
            self._values[insight] = self._find_values(insight)
        value, item = self._values[insight], self.now.item
        part = 1 - (self.day - 1) % self.cycle / self.cycle
        left = np.clip(np.rint(self._visits[item] * part).astype(int) - 1, 0, len(value) - 1)
        stock = self._left[item]
        kept = value[left, item, stock] - value[left, item, np.maximum(stock - 1, 0)]
        return self.truth.ladder - self.truth.cost[item][:, None] - kept[:, None]

    def _find_values(self, insight: Insight) -> FloatArray:
        """Return V, (visits left, items, units left), as shares of the public price."""
        chance, share = self._grid_chance(), self.truth.segment_share
        if insight == "uniform":
            chance = np.einsum("isk,s->ik", chance, share)[:, None]
            share = np.ones(1)
        margin = (self.truth.ladder - self.truth.cost[:, None])[:, None, :]
        value = np.zeros((int(self._visits.max()) + 1, len(margin), self._full.max() + 1))
        for left in range(1, len(value)):
            last = value[left - 1]
            kept = np.diff(last, axis=1)[:, None, :, None]  # of the s-th unit, s = 1 ...
            gain = (chance[:, :, None] * (margin[:, :, None] - kept)).max(axis=3)
            value[left] = last
            value[left, :, 1:] += np.einsum("isn,s->in", gain, share)
        return value
