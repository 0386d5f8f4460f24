"""Base of simulated markets in which a visit shows several substitutes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pricing.base.core.values import BoolArray, FloatArray, IntArray
from shop.lab.agent import Context, FeatureArray, Outcomes
from shop.lab.market import Settlement
from shop.lab.setting import Setting
from shop.lab.substitutes import draw_choices


class SubstituteMarket:
    """The day's context and what its visits come to; worlds add who comes and how they choose."""

    setting: Setting
    public: FloatArray
    cost: FloatArray
    day: int
    visits_seen: int
    _rungs: FloatArray

    def open_day(
        self, features: dict[str, FeatureArray], offered: BoolArray, **more: Any
    ) -> Context:
        """Return the context of a day's visits; the next one is a day later."""
        self._context = Context(
            item_ids=np.arange(self.setting.items),
            public_prices=self.public,
            costs=self.cost * self.public,
            features=features,
            shoppers=self.setting.batch,
            time=float(self.day),
            offered=offered,
            rungs=self._rungs,
            **more,
        )
        self.day += 1
        self.visits_seen += self.setting.batch
        return self._context

    def settle_visits(
        self,
        prices: FloatArray,
        items: IntArray,
        luck: FloatArray,
        attract: Callable[[FloatArray], FloatArray],
    ) -> Settlement:
        """Return choices and expected profits at `prices` (n, m) of visits that look at `items`
        (n, w); `attract` tells the attraction (n, w) of ratios to the public price."""
        shown = np.where(self._context.is_offered(), prices, self.public)
        if not np.all(np.isfinite(shown) & (shown > 0)):
            raise ValueError("a price shown must be a positive number")
        rows = np.arange(len(shown))[:, None]
        column, chance = draw_choices(attract((shown / self.public)[rows, items]), luck)
        chosen = np.where(column >= 0, items[rows[:, 0], column], -1)
        margin = shown[rows, items] - (self.cost * self.public)[items]
        return Settlement(Outcomes(self._context, prices, chosen), np.sum(chance * margin, axis=1))
