"""Prior of price response: from weekly sales, or from figures of other shops.

Weekly sales tell how products differ, but everything they say may be off by a common factor, since
what moved with the price was not seen. So log slopes of weekly sales enter as differences only:

    b_i ~ N(B_c + rho (weekly_i - weekly), tau^2)

B_c, what a category is off by, is learned with those of families and all products around the mean
of weekly sales; tau, the spread of items, with the other spreads. rho in [0, 1] is fitted on what
impressions say of the items, the randomised ones where there are enough of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pricing.base.core.values import FloatArray, IntArray

MEAN_LOG_SLOPE, DOUBT = 0.9, 0.5  # an elasticity near 2.5, and the sd of what all are off by
FIRST_TRUST = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class SlopePrior:
    """How far log slopes are expected to lie above those of their category.

    `offset` (k,) by `item` (k,), ascending, else `family_offset` (f,) by `family` (f,), ascending,
    else 0. The log slope of all products lies around `mean` with sd `doubt`, the weight of a
    response column around that in `weights`, else 0. Weights are of use to a fit only: they are not
    stored.
    """

    item: IntArray
    offset: FloatArray
    family: IntArray
    family_offset: FloatArray
    mean: float = MEAN_LOG_SLOPE
    doubt: float = DOUBT
    weights: Mapping[str, float] = field(default_factory=dict)

    @staticmethod
    def nothing() -> SlopePrior:
        """Return no knowledge: products lie around their category."""
        ids, none = np.zeros(0, dtype=np.int64), np.zeros(0)
        return SlopePrior(ids, none, ids, none)

    def offsets(self, item: IntArray, family: IntArray) -> FloatArray:
        """Return the offset of each good, (m,).

        >>> ids = np.array([4])
        >>> prior = SlopePrior(ids, np.array([0.3]), ids, np.array([-0.1]))
        >>> prior.offsets(np.array([4, 5, 6]), np.array([9, 4, 9])).tolist()
        [0.3, -0.1, 0.0]
        """
        offset = np.zeros(len(item))
        levels = ((self.family, self.family_offset, family), (self.item, self.offset, item))
        for ids, values, wanted in levels:
            if len(ids):
                at = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
                offset = np.where(ids[at] == wanted, values[at], offset)
        return offset

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything as named arrays."""
        found: dict[str, NDArray[Any]] = {
            f"prior_{name}": np.asarray(getattr(self, name)) for name in _STORED
        }
        return found

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> SlopePrior:
        """Return what `arrays` was made from."""
        read: dict[str, Any] = {name: arrays[f"prior_{name}"] for name in _STORED}
        read |= {name: float(read[name]) for name in ("mean", "doubt")}
        return SlopePrior(**read)


_STORED = tuple(name for name in SlopePrior.__annotations__ if name != "weights")


@dataclass(frozen=True, slots=True, eq=False)
class Weekly:
    """Log slopes (k,) that weekly sales tell of items (k,), ascending, in families (k,), and the
    weights of response columns, by name, that their model has."""

    item: IntArray
    family: IntArray
    log_slope: FloatArray
    weights: Mapping[str, float] = field(default_factory=dict)

    @staticmethod
    def of(
        item: IntArray, family: IntArray, elasticity: FloatArray, bought: FloatArray | float
    ) -> Weekly:
        """Return elasticities (k,), magnitudes, as log slopes; `bought` is the share of impressions
        that bought: a logit's elasticity is its slope times the share that did not.

        >>> one = np.array([3])
        >>> Weekly.of(one, one, np.array([1.6]), 0.2).log_slope.round(3).tolist()
        [0.693]
        """
        order = np.argsort(item)
        slope = np.log(np.maximum(elasticity, 0.05) / (1.0 - np.asarray(bought)))
        return Weekly(item[order], family[order], slope[order])

    def expect(self, trust: float) -> SlopePrior:
        """Return the prior that believes a share rho = `trust` of the differences."""
        if not len(self.item):
            return replace(SlopePrior.nothing(), weights=self.weights)
        mean = float(self.log_slope.mean())
        families, group = np.unique(self.family, return_inverse=True)
        of_family = np.bincount(group, self.log_slope) / np.bincount(group)
        far, family_far = trust * (self.log_slope - mean), trust * (of_family - mean)
        return SlopePrior(self.item, far, families, family_far, mean, weights=self.weights)

    def learn_trust(
        self, item: IntArray, slope: tuple[FloatArray, FloatArray], expected: FloatArray, tau: float
    ) -> tuple[float, float]:
        """Return rho in [0, 1] at the highest marginal likelihood, and its sd, from a fit's items
        (m,): `slope` their log slopes and posterior variances, `expected` what the fit's prior
        expected, with sd `tau`. Families may be off by what they like.

        What impressions alone say of an item is its posterior less its prior: a normal with
        precision 1/V - 1/tau^2.

        >>> rng = np.random.default_rng(1)
        >>> weekly = Weekly(np.arange(500), np.arange(500) % 5, rng.normal(0.0, 0.4, 500))
        >>> truth = 1.0 + 0.7 * weekly.log_slope + rng.normal(0.0, 0.2, 500)
        >>> seen = truth + rng.normal(0.0, 0.2, 500)
        >>> V = np.full(500, 1.0 / (1.0 / 0.2**2 + 1.0 / 0.3**2))
        >>> posterior = V * (seen / 0.2**2 + 1.0 / 0.3**2)
        >>> trust, sd = weekly.learn_trust(np.arange(500), (posterior, V), np.ones(500), 0.3)
        >>> bool(abs(trust - 0.7) < 3 * sd), bool(sd < 0.05)
        (True, True)
        """
        at = np.minimum(np.searchsorted(self.item, item), max(len(self.item) - 1, 0))
        known = self.item[at] == item if len(self.item) else np.zeros(len(item), dtype=np.bool_)
        mean, variance = slope
        precision = 1.0 / np.maximum(variance, 1e-9) - tau**-2
        known &= precision > 0.05 * tau**-2
        if known.sum() < 3:
            return FIRST_TRUST, 1.0
        told = precision[known]
        seen = (mean[known] / variance[known] - expected[known] * tau**-2) / told
        weight = 1.0 / (tau**2 + 1.0 / told)
        _, group = np.unique(self.family[at[known]], return_inverse=True)
        x = _centre(self.log_slope[at[known]], weight, group)
        y = _centre(seen, weight, group)
        square = float(weight @ x**2)
        if square <= 0.0:
            return FIRST_TRUST, 1.0
        return float(np.clip((weight * x) @ y / square, 0.0, 1.0)), square**-0.5


def _centre(values: FloatArray, weight: FloatArray, group: IntArray) -> FloatArray:
    """Return values less the weighted mean of their group."""
    mean = np.bincount(group, weight * values) / np.bincount(group, weight)
    return values - mean[group]
