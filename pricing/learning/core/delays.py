"""Delay between impression and purchase, to weigh decisions that may still sell.

A purchase by age a is one of all purchases with probability F(a), the distribution of delays. So
what was bought by now has rate F(a) times the rate of the decision, and a decision of age a counts
as the share F(a) of a decision: the score (bought by now) - F(a) x rate has mean zero at every age
(a thinned Poisson process; Chapelle 2014 has the same for a logistic rate). It holds as far as the
delay does not depend on the price. Where F is off, levels are for a while; elasticities are not,
because their score is centered by the draw.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pricing.base.core.arrays import FloatArray

MINUTES = 1_440  # the longest delay that is told apart: a day
# Until purchases have shown better: twenty of them with a mean delay of twenty minutes.
PRIOR_PURCHASES, PRIOR_MEAN = 20.0, 20.0
HALF_LIFE_DAYS = 30.0
_NAME = "delay"


@dataclass(frozen=True, slots=True)
class Delays:
    """Purchases by whole minutes since the price was shown, (MINUTES,), older ones fading."""

    count: FloatArray

    @staticmethod
    def unknown() -> Delays:
        """Return what is believed before any purchase."""
        return Delays(np.zeros(MINUTES))

    def after(self, minutes: FloatArray, days: float = 0.0) -> Delays:
        """Return the delays with those of more purchases, `days` after the last ones.

        >>> Delays.unknown().after(np.array([2.5, 2.9, 70.0])).count[[2, 70]].tolist()
        [2.0, 1.0]
        """
        at = np.clip(minutes, 0.0, MINUTES - 1).astype(np.int64)
        kept = 0.5 ** (max(0.0, days) / HALF_LIFE_DAYS)
        return replace(self, count=self.count * kept + np.bincount(at, minlength=MINUTES))

    def share(self, age: FloatArray, horizon: float) -> FloatArray:
        """Return F: how much of a decision's purchases come within `age` minutes, of those within
        `horizon` minutes, after which none comes; (n,), in (0, 1].

        >>> few = Delays.unknown()
        >>> few.share(np.array([0.0, 20.0, 90.0, 500.0]), 90.0).round(3).tolist()
        [0.001, 0.639, 1.0, 1.0]
        >>> quick = few.after(np.full(1_000, 3.2))
        >>> quick.share(np.array([3.0, 4.0]), 90.0).round(2).tolist()
        [0.0, 0.98]
        """
        edges = np.arange(MINUTES + 1, dtype=np.float64)
        prior = PRIOR_PURCHASES * -np.expm1(-edges / PRIOR_MEAN)
        total = prior + np.concatenate([[0.0], np.cumsum(self.count)])
        end = min(max(horizon, 1.0), float(MINUTES))
        by_then = np.interp(np.clip(age, 0.0, end), edges, total)
        share: FloatArray = np.maximum(by_then / np.interp(end, edges, total), 1e-3)
        return share

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return them as a named array, to be kept beside the evidence."""
        return {_NAME: self.count}

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Delays:
        """Return the delays in `arrays`; evidence of before they were kept has none."""
        return Delays(arrays[_NAME]) if _NAME in arrays else Delays.unknown()
