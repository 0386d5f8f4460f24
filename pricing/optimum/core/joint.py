"""Buyer segments, and the best personal price of each below a public price."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.base.core.price_points import personal_price_points
from pricing.base.core.values import BoolArray, FloatArray, IntArray, Objective, Policy
from pricing.optimum.core.quote import improvement_probability


def unit_worth(price: FloatArray, cost: FloatArray, objective: Objective) -> FloatArray:
    """Return what one unit sold at `price` counts: its margin, its price, or one.

    >>> unit_worth(np.array([4.0]), np.array([3.0]), "profit").tolist()
    [1.0]
    >>> unit_worth(np.array([4.0]), np.array([3.0]), "units").tolist()
    [1.0]
    """
    if objective == "profit":
        return price - cost
    if objective == "revenue":
        return price + 0.0 * cost
    return np.ones_like(price + 0.0 * cost)


def expected_worth(
    price: FloatArray,
    base: FloatArray,
    cost: FloatArray,
    elasticity: FloatArray,
    elasticity_sd: FloatArray,
    *,
    objective: Objective = "profit",
) -> FloatArray:
    """Return E[worth(p) (p / base)^-e], e ~ N(elasticity, sd^2): the lognormal closed form.

    Arrays broadcast; all prices in one unit. Per unit that sells at `base`.

    >>> one = np.ones(1)
    >>> expected_worth(3.6 * one, 4 * one, 2 * one, 2 * one, 0 * one).round(4).tolist()
    [1.9753]
    """
    x = np.log(price / base)
    noise = elasticity_sd * x
    demand = np.exp(0.5 * noise * noise - elasticity * x)
    return unit_worth(price, cost, objective) * demand


def chance_of_gain(
    price: FloatArray,
    other: FloatArray,
    cost: FloatArray,
    elasticity: FloatArray,
    elasticity_sd: FloatArray,
    *,
    objective: Objective = "profit",
) -> FloatArray:
    """Return P(objective at `other` > objective at `price`), all (m,).

    Revenue is profit at no cost; units grow with every reduction.

    >>> one = np.ones(1)
    >>> chance_of_gain(4 * one, 3.6 * one, 2 * one, 1.5 * one, 0.1 * one, objective="revenue")
    array([0.99999971])
    """
    if objective == "units":
        return np.where(other < price, 1.0, 0.0) * np.where(np.isfinite(elasticity), 1.0, 0.0)
    spent = cost if objective == "profit" else np.zeros_like(cost)
    return improvement_probability(price, other, spent, elasticity, elasticity_sd)


@dataclass(frozen=True, slots=True)
class Segments:
    """Who buys m variants: S segments with weights and relative sensitivity, all (S, m).

    `weight` sums to 1 over segments; `scale` multiplies the variant's elasticity and has the
    weighted mean 1, so that the market as a whole has the elasticity that was estimated.
    `is_personal` says that members may be offered less than the public price. `sensitivity_mean`
    (m,) is the weighted mean of 1 + z: the estimated elasticity over it is that of a shopper
    without signals.
    """

    weight: FloatArray
    scale: FloatArray
    is_personal: BoolArray
    sensitivity_mean: FloatArray

    def take(self, where: IntArray | slice) -> Segments:
        """Return the segments' view of the variants at positions `where`."""
        return Segments(
            self.weight[:, where],
            self.scale[:, where],
            self.is_personal[:, where],
            self.sensitivity_mean[where],
        )


@dataclass(frozen=True, slots=True)
class DemandTerms:
    """What a price of m variants does, arrays (m,): base price, cost as reckoned, elasticity.

    q(p) = q0 (p / base)^-e with e ~ N(elasticity, elasticity_sd^2). `cost` and `base_minor` are
    minor units; `floor_minor` bounds personal prices.
    """

    base_minor: IntArray
    cost: FloatArray
    floor_minor: IntArray
    elasticity: FloatArray
    elasticity_sd: FloatArray

    def __len__(self) -> int:
        return len(self.base_minor)

    def take(self, where: IntArray | slice) -> DemandTerms:
        """Return the terms of the variants at positions `where`."""
        return DemandTerms(*(getattr(self, name)[where] for name in self.__slots__))


def one_segment(count: int) -> Segments:
    """Return the market of `count` variants as one segment without personal prices."""
    ones = np.ones((1, count))
    return Segments(ones, ones, np.zeros((1, count), dtype=np.bool_), np.ones(count))


def mix_segments(sizes: FloatArray, boost: FloatArray) -> Segments:
    """Return segments from their sizes (S,) and boosts z (S, m) >= 0 of the personal model.

    A member's elasticity is proportional to 1 + z; the mean over members is what was estimated, so
    scale = (1 + z) / sum_s w_s (1 + z_s); that sum is `sensitivity_mean`. No signal, no personal
    price.

    >>> mix = mix_segments(np.array([3.0, 1.0]), np.array([[0.0], [1.0]]))
    >>> mix.weight[:, 0].tolist(), mix.scale[:, 0].tolist(), mix.is_personal[:, 0].tolist()
    ([0.75, 0.25], [0.8, 1.6], [False, True])
    >>> mix.sensitivity_mean.tolist()
    [1.25]
    """
    share = np.asarray(sizes, dtype=np.float64) / np.sum(sizes)
    weight = np.broadcast_to(share[:, None], boost.shape)
    mean = (weight * (1.0 + boost)).sum(axis=0)
    return Segments(weight, (1.0 + boost) / mean, boost > 0.0, mean)


def personal_prices(
    public_minor: IntArray,
    terms: DemandTerms,
    segments: Segments,
    policy: Policy,
    *,
    exponent: int = 2,
) -> IntArray:
    """Return the best personal price of each segment under public prices (m,), shape (S, m).

    max_r E[worth(r) (r / base)^(-e scale_s)] exp(-A/2 log(r / p)^2), r over the personal price
    points of p within the cap; without a signal r = p. Under the normal posterior of e the
    expectation is the lognormal mean exp(-e s x + (sd s x)^2 / 2), x = log(r / base).

    >>> mix = mix_segments(np.array([1.0, 1.0]), np.array([[0.0], [2.0]]))
    >>> personal_prices(np.array([400]), example_demand(), mix, Policy()).tolist()
    [[400], [379]]
    """
    cap = policy.personal_cap if segments.is_personal.any() else 0.0
    price_points = personal_price_points(public_minor, terms.floor_minor, cap, exponent)
    price = price_points.astype(np.float64)
    x = np.log(price / terms.base_minor[:, None])
    away = x - x[:, :1]
    spread = np.exp(-0.5 * policy.spread_aversion * (away * away))
    gain = unit_worth(price, terms.cost[:, None], policy.objective) * spread
    chosen = np.empty(segments.scale.shape, dtype=np.int64)
    for at, (scale, is_personal) in enumerate(
        zip(segments.scale, segments.is_personal, strict=True)
    ):
        pull = (terms.elasticity * scale)[:, None] * x
        noise = (terms.elasticity_sd * scale)[:, None] * x
        worth = gain * np.exp(0.5 * noise * noise - pull)
        worth[:, 1:][~is_personal] = -np.inf
        place = np.argmax(worth, axis=1)[:, None]
        chosen[at] = np.take_along_axis(price_points, place, axis=1)[:, 0]
    return chosen


def example_demand() -> DemandTerms:
    """Return the terms of one variant for examples: cost 280, elasticity 3.3."""
    one = np.ones(1)
    price = np.array([400])
    return DemandTerms(price, 280.0 * one, np.array([286]), 3.3 * one, 0.2 * one)
