"""Public prices of experiment arms: equal to the price of the book or lower, never higher."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from pricing.base.core.arrays import BoolArray, FloatArray, IntArray
from pricing.policy.core.guardrails import PublicBounds


@dataclass(frozen=True, slots=True)
class Arms:
    """Arms of experiments with the public prices of m variants, arrays (m,).

    `base_minor` is the price without the experiment; `is_tested` says that an experiment has the
    variant, `factor` what its arm makes of the price (1: nothing); `is_closed`, that the price is
    left alone all the same. `is_intact` says that the price is still the one an arm set, now or
    before.
    """

    base_minor: IntArray
    factor: FloatArray
    is_tested: BoolArray
    is_closed: BoolArray
    is_intact: BoolArray

    @property
    def sets(self) -> BoolArray:
        """Where arms set prices unless staff do, (m,)."""
        return self.is_tested & ~self.is_closed

    @staticmethod
    def nothing(public_minor: IntArray) -> Arms:
        """Return prices (m,) that no experiment has."""
        no = np.zeros(len(public_minor), dtype=np.bool_)
        return Arms(public_minor, np.ones(len(public_minor)), no, no, no)

    def rest(self, calm_minor: IntArray, is_stopped: BoolArray, bounds: PublicBounds) -> Arms:
        """Return the arms over the prices without what chance did, (m,), inside hard bounds.

        Goods that a kill switch stops are left alone.
        """
        most = np.minimum(bounds.ceiling_minor, bounds.emergency_minor)
        inside = np.minimum(np.maximum(calm_minor, bounds.floor_minor), most)
        base = np.where(self.is_tested, np.maximum(inside, 1), calm_minor)
        return replace(self, base_minor=base, is_closed=self.is_closed | is_stopped)


def multiply_prices(base_minor: IntArray, factor: FloatArray, floor_minor: IntArray) -> IntArray:
    """Return min(base, max(base x factor rounded down, floor)), (m,), in minor units.

    >>> multiply_prices(np.array([400, 399, 400]), np.array([0.95, 0.95, 1.5]),
    ...                 np.array([300, 390, 300])).tolist()
    [380, 390, 400]
    """
    exact = np.round(base_minor.astype(np.float64) * factor, 9)
    return np.minimum(base_minor, np.maximum(np.floor(exact).astype(np.int64), floor_minor))


def least_factor(step_cap: float) -> float:
    """Return the lowest factor from which one step of `step_cap` leads back to the base, rounded up
    to a tenth of a percent: further down, a turn could not end when it is over.

    >>> least_factor(0.10), least_factor(0.25)
    (0.91, 0.8)
    """
    return ceil(round(1_000.0 / (1.0 + step_cap), 9)) / 1_000.0
