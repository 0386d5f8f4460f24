"""Random price shocks: the greedy price plus a randomised, shrinking step."""

from __future__ import annotations

import numpy as np

from pricing.base.core.values import FloatArray, IntArray
from shop.lab.agent import Context, Outcomes, Proposal
from shop.lab.baselines.pooled import ChoiceModel, PooledGreedy, choose_price_points
from shop.lab.baselines.rows import Rows, list_ratios, read_sales, spread_prices

# The shock has the size of one price point with certainty until so many rows were seen.
_FULL_ROWS = 500.0
# Weight of the belief that the model's slopes need no correction.
_CAUTION = 25.0


class RandomPriceTests(PooledGreedy):
    """RPS (Nambiar, Simchi-Levi, Wang, "Dynamic learning and pricing with model misspecification",
    Management Science 2019) on the pooled model, in its variant for price ladders.

    Every price is the greedy price point plus a shock d in {-1, 0, +1} price points, drawn
    independently of everything with P(d != 0) = min(1, (rows / 500)^(-1/2)): its standard deviation
    falls as t^(-1/4), as in the paper. The shock is the instrument for the price. The paper's
    second stage has one slope; here the pooled model gives slopes of items and shoppers, and the
    shock the one number that misspecification biases, a correction c to all slopes from the moment
    condition sum z (y - P(c)) = 0 with z the shock in price, linearised and shrunk towards 0.
    """

    def __init__(self, random_state: int = 0) -> None:
        """Know nothing."""
        super().__init__(random_state)
        self._seen = 0.0
        self._moment = self._weight = 0.0
        self._shocks: FloatArray | None = None

    @property
    def correction(self) -> float:
        """Return what is added to every slope."""
        return float(-self._moment / (self._weight + _CAUTION))

    def propose(self, context: Context) -> Proposal:
        """Return greedy price points with shocks."""
        rows = self._encoder.encode(context)
        ratios = list_ratios(context)[rows.column]
        greedy = self._choose(context, rows, self._prepare(rows))
        moving = min(1.0, (max(self._seen, 1.0) / _FULL_ROWS) ** -0.5)
        last = np.sum(np.isfinite(ratios), axis=1) - 1
        greedy = np.clip(greedy, np.minimum(1, last), np.maximum(last - 1, 0))
        is_moved = self._rng.random(len(greedy)) < moving
        step = np.where(self._rng.random(len(greedy)) < 0.5, -1, 1) * is_moved
        price_points = np.clip(greedy + step, 0, last)
        each = np.arange(len(price_points))
        self._shocks = ratios[each, price_points] - ratios[each, greedy]
        prices = spread_prices(context, rows, ratios[each, price_points])
        probabilities = np.ones_like(prices)
        share = np.where(is_moved, moving / 2, 1.0 - moving)
        probabilities[rows.shopper, rows.column] = np.maximum(share, 0.01)
        return Proposal(prices, probabilities)

    def observe(self, outcomes: Outcomes) -> None:
        """Update the model, then the correction from the shocks of the last proposal."""
        rows = self._encoder.encode(outcomes.context)
        if not len(rows.shopper):
            return
        model, (ratio, is_bought) = self._prepare(rows), read_sales(outcomes, rows)
        if self._shocks is not None and len(self._shocks) == len(ratio):
            level, slope = model.read_curves(rows, model.mean)
            v = np.exp(np.clip(level - slope * (ratio - 1.0), -30.0, 30.0))
            total = np.bincount(rows.shopper, weights=v, minlength=outcomes.context.shoppers)
            chance = v / (1.0 + total[rows.shopper])
            self._moment += float(self._shocks @ (is_bought - chance))
            self._weight += float(self._shocks**2 @ (chance * (1 - chance)))
            self._seen += len(ratio)
        model.update(rows, ratio, is_bought)
        self._shocks = None

    def _choose(self, context: Context, rows: Rows, model: ChoiceModel) -> IntArray:
        level, slope = model.read_curves(rows, model.mean)
        return choose_price_points(context, rows, level, np.maximum(slope + self.correction, 0.3))
