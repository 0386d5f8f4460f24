"""Markets whose demand is a fixed function of item, segment and price."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy.special import expit, log_ndtr, ndtr, ndtri

from pricing.base.core.values import FloatArray, IntArray
from shop.lab.market import SegmentMarket
from shop.lab.setting import Setting


class LogitMarket(SegmentMarket):
    """The reference: logit P = intercept - slope * (ratio - 1)."""

    name: ClassVar[str] = "logit"


class ProbitMarket(SegmentMarket):
    """Normal tastes: P = Phi(a - b * (ratio - 1)), with the logit's level and elasticity at 1."""

    name: ClassVar[str] = "probit"

    def __init__(self, setting: Setting, seed: int) -> None:
        """Translate intercepts and slopes."""
        super().__init__(setting, seed)
        level = expit(self.truth.intercept)
        self._level = ndtri(level)
        log_density = -0.5 * self._level**2 - 0.5 * np.log(2 * np.pi)
        elasticity = self.truth.slope * (1 - level)
        self._slope = elasticity * np.exp(log_ndtr(self._level) - log_density)

    def chance(self, item: IntArray, segment: IntArray, ratio: FloatArray) -> FloatArray:
        """Return the purchase probability."""
        return np.asarray(
            ndtr(self._level[item, segment] - self._slope[item, segment] * (ratio - 1.0))
        )


class ElasticMarket(SegmentMarket):
    """Constant elasticity: P = P(1) * ratio ** -slope. A logit is misspecified here."""

    name: ClassVar[str] = "constant_elasticity"

    def chance(self, item: IntArray, segment: IntArray, ratio: FloatArray) -> FloatArray:
        """Return the purchase probability, at most 0.95."""
        level = expit(self.truth.intercept[item, segment])
        return np.minimum(level * ratio ** -self.truth.slope[item, segment], 0.95)


class MixedMarket(SegmentMarket):
    """Mixed logit: three kinds of shoppers whom no feature tells apart, in shares by segment."""

    name: ClassVar[str] = "mixed_logit"
    multipliers = np.array([0.35, 1.0, 2.2])  # of the slope, by kind
    shifts = np.array([-0.6, 0.3, 0.0])  # of the intercept, by kind

    def __init__(self, setting: Setting, seed: int) -> None:
        """Draw the shares."""
        super().__init__(setting, seed)
        self._shares = self._truth_rng.dirichlet([3.0, 4.0, 3.0], setting.segments)

    def chance(self, item: IntArray, segment: IntArray, ratio: FloatArray) -> FloatArray:
        """Return the purchase probability of a shopper of unknown kind."""
        level, slope = self.truth.intercept[item, segment], self.truth.slope[item, segment]
        total = np.zeros(np.broadcast_shapes(np.shape(level), np.shape(ratio)))
        for kind, (multiplier, shift) in enumerate(zip(self.multipliers, self.shifts, strict=True)):
            chance = expit(level + shift - multiplier * slope * (ratio - 1.0))
            total += self._shares[segment, kind] * chance
        return total
