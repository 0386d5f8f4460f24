"""The likelihood of the multinomial logit on rows sorted by item."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from pricing.core.arrays import FloatArray, IntArray
from pricing.core.learning.layout import (
    FEATURES,
    GAP,
    HISTORY,
    INTERCEPT,
    Layout,
    build_season,
    slant_price,
    transform_price,
)
from pricing.core.learning.remembered import WAITING
from pricing.core.learning.sightings import Sightings

LIMIT = 30.0  # utilities beyond are certain either way
LOG_SLOPES = (-3.0, 5.0)  # slopes beyond are not believed


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Sightings sorted by item, with what their utilities are made of."""

    layout: Layout
    z: FloatArray  # (N, width)
    log_ratio: FloatArray  # (N,)
    felt: FloatArray  # (N, 3)
    excess: FloatArray  # (N,)
    season: FloatArray  # (N, SEASONS)
    visit: IntArray  # (N,)
    bought: FloatArray  # (N,)
    weight: FloatArray  # (N,)
    visit_weight: FloatArray  # (V,)
    present: IntArray  # items that occur
    bounds: IntArray  # (len(present) + 1,) their rows
    is_single: bool

    @classmethod
    def of(cls, sightings: Sightings, layout: Layout, is_on: FloatArray) -> Rows:
        """Return the rows of a memory; `is_on` says which seasons act."""
        order = np.argsort(sightings.item, kind="stable")
        visit, item = sightings.visit[order], sightings.item[order]
        z = np.zeros((len(order), layout.width))
        z[:, INTERCEPT], z[:, GAP] = 1.0, sightings.gap[order]
        z[:, HISTORY] = sightings.is_history[visit]
        z[:, FEATURES : FEATURES + sightings.z.shape[1]] = sightings.z[visit]
        season = build_season(sightings.times, is_on)[visit]
        present, starts = np.unique(item, return_index=True)
        return cls(
            layout,
            z,
            np.log(sightings.ratio[order]),
            sightings.felt[order],
            sightings.excess[order],
            season,
            visit,
            sightings.bought[order],
            sightings.weights[visit],
            sightings.weights,
            present,
            np.append(starts, len(item)),
            sightings.is_single,
        )

    def _slopes(self, acting: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return level and slope of each row under coefficients (m, d)."""
        width = self.layout.width
        level, slope = np.empty(len(self.visit)), np.empty(len(self.visit))
        for item, begin, end in zip(self.present, self.bounds, self.bounds[1:], strict=False):
            part = slice(begin, end)
            level[part] = self.z[part] @ acting[item, :width]
            slope[part] = self.z[part] @ acting[item, width : 2 * width]
        return level, np.exp(np.clip(slope, *LOG_SLOPES, out=slope), out=slope)

    def measure(self, acting: FloatArray) -> tuple[float, FloatArray]:
        """Return the log-likelihood and each row's probability of being bought."""
        level, slope = self._slopes(acting)
        layout = self.layout
        tail = acting[0]
        utility = (
            level - slope * self._heights(tail) - self.felt[:, WAITING] * tail[layout.felt][-1]
        )
        utility += self.excess * tail[layout.excess] + self.season @ tail[layout.season]
        np.clip(utility, -LIMIT, LIMIT, out=utility)
        if self.is_single:
            outside = np.logaddexp(0.0, utility)
            value = float(self.weight @ (self.bought * utility - outside))
            return value, expit(utility)
        odds = np.exp(utility)
        total = 1.0 + np.bincount(self.visit, odds, minlength=len(self.visit_weight))
        value = float(self.weight @ (self.bought * utility) - self.visit_weight @ np.log(total))
        return value, odds / total[self.visit]

    def build_slants(self, acting: FloatArray) -> FloatArray:
        """Return the derivative of each utility by the coefficients, (N, d)."""
        _, slope = self._slopes(acting)
        power = float(acting[0, self.layout.power])
        height = slope * self._heights(acting[0])
        bend = slope * slant_price(self.log_ratio, power)
        parts = [self.z, -height[:, None] * self.z, -bend[:, None], self.excess[:, None]]
        felt = [-slope[:, None] * self.felt[:, :WAITING], -self.felt[:, WAITING:]]
        return np.concatenate([*parts, *felt, self.season], axis=1)

    def _heights(self, tail: FloatArray) -> FloatArray:
        """Return what the slope of each row is multiplied with; the tail is the same for items."""
        layout = self.layout
        felt = self.felt[:, :WAITING] @ tail[layout.felt][:WAITING]
        return transform_price(self.log_ratio, tail[layout.power]) + felt

    def derive_volume(
        self, acting: FloatArray, chance: FloatArray, inverse_blocks: FloatArray, own: IntArray
    ) -> FloatArray:
        """Return half the derivative of log det of each item's own precision, (m, d).

        The precision of item i is A = sum over rows of q (1 - q) x x' + prior, x the slants of its
        `own` coefficients; `inverse_blocks` (m, p, p) is A^-1. It grows with the coefficients in
        two ways: q moves, and x of a slope is in proportion to the slope.
        """
        layout, slants = self.layout, self.build_slants(acting)
        slopes = slice(layout.width, 2 * layout.width)
        is_slope = (own >= slopes.start) & (own < slopes.stop)
        bend, tilt = self.weight * chance * (1.0 - chance), 1.0 - 2.0 * chance
        grown = np.zeros(acting.shape)
        for item, begin, end in zip(self.present, self.bounds, self.bounds[1:], strict=False):
            mine = slants[begin:end, own]
            leverage = bend[begin:end, None] * mine * (mine @ inverse_blocks[item])
            moved = leverage.sum(axis=1) * tilt[begin:end] / 2.0
            grown[item] = moved @ slants[begin:end]
            grown[item, slopes] += leverage[:, is_slope].sum(axis=1) @ self.z[begin:end]
        return grown

    def derive(self, acting: FloatArray, chance: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return gradient (m, d) and expected curvature (m, d, d) at these probabilities.

        With several items in a visit the curvature between items is left out: each item is a logit
        against the rest, weight q (1 - q). The gradient, and so the mode, is exact.
        """
        items, size = acting.shape
        slants = self.build_slants(acting)
        gradient, curvature = np.zeros((items, size)), np.zeros((items, size, size))
        miss = self.weight * (self.bought - chance)
        bend = self.weight * chance * (1.0 - chance)
        for item, begin, end in zip(self.present, self.bounds, self.bounds[1:], strict=False):
            part = slants[begin:end]
            gradient[item] = miss[begin:end] @ part
            curvature[item] = (part * bend[begin:end, None]).T @ part
        return gradient, curvature
