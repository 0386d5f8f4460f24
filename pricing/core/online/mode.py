"""The mode of the posterior of one batch of decisions, by Newton steps."""

from __future__ import annotations

import numpy as np

from pricing.core.arrays import FloatArray, IntArray
from pricing.core.online.evidence import Evidence, Sightings, find_sorted

# Shoppers of a variant and week share a draw and its surprises: a purchase counts for less.
OVERDISPERSION = 1.5
# How many purchases' worth the belief is that a variant sells like all goods do.
LEVEL_PRECISION = 1.0


def rates(
    level: FloatArray, elasticity: FloatArray, slope: float, seen: Sightings, at: IntArray
) -> FloatArray:
    """Return the rate at which each decision is bought, (n,), as far as rates are small."""
    logs = level[at] + slope * seen.interest - elasticity[at] * seen.log_ratio
    found: FloatArray = np.exp(np.clip(logs, -20.0, 1.0))
    return found


class Mode:
    """The search for the mode of the posterior of one batch; `*_added` is its curvature.

    Each decision counts as `share` of one, but for what it brought.
    """

    def __init__(
        self,
        evidence: Evidence,
        seen: Sightings,
        share: FloatArray,
        start: FloatArray,
        before: FloatArray,
    ) -> None:
        self._evidence, self._seen, self._share = evidence, seen, share
        self._at, _ = find_sorted(evidence.variant_id, seen.variant_id)
        self._start, self.before = start, before
        self.level, self.elasticity = evidence.level.copy(), start.copy()
        self.slope = float(evidence.interest[0])
        self.level_added, self.added = np.zeros(len(evidence)), np.zeros(len(evidence))
        self.slope_added = 0.0

    def move(self) -> None:
        """Take one Newton step in each parameter, the others held."""
        self._move_levels()
        rate, wrong = self._residuals()
        centered = self._seen.centered
        self.added = self._sum(rate * centered**2) / OVERDISPERSION
        pull = self.before * (self._start - self.elasticity) - self._sum(wrong * centered)
        self.elasticity += np.clip(pull / (self.before + self.added), -1.0, 1.0)
        self._move_slope(rate, wrong)

    def _move_levels(self) -> None:
        before = self._evidence.level_precision + LEVEL_PRECISION / OVERDISPERSION
        rate, wrong = self._residuals()
        self.level_added = self._sum(rate) / OVERDISPERSION
        pull = before * (self._evidence.level - self.level) + self._sum(wrong)
        self.level += np.clip(pull / (before + self.level_added), -1.0, 1.0)

    def _move_slope(self, rate: FloatArray, wrong: FloatArray) -> None:
        interest, (start, before) = self._seen.interest, self._evidence.interest
        self.slope_added = float(rate @ interest**2) / OVERDISPERSION
        pull = before * (start - self.slope) + wrong @ interest
        self.slope += float(np.clip(pull / (before + self.slope_added), -0.5, 0.5))

    def _residuals(self) -> tuple[FloatArray, FloatArray]:
        whole = rates(self.level, self.elasticity, self.slope, self._seen, self._at)
        rate = self._share * whole
        return rate, (self._seen.bought - rate) / OVERDISPERSION

    def _sum(self, values: FloatArray) -> FloatArray:
        return np.bincount(self._at, values, len(self.level))
