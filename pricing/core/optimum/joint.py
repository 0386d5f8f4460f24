"""Public and personal price together: what a public rung is worth with discounts below it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.core.arrays import BoolArray, FloatArray, IntArray
from pricing.core.optimum.objective import expected_worth, unit_worth
from pricing.core.rungs import personal_rungs
from pricing.core.values import Policy

# A block of this many (candidate, personal rung) pairs stays in the processor's cache.
BLOCK_NUMBERS = 120_000


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


def joint_worth(
    public_minor: IntArray,
    terms: DemandTerms,
    segments: Segments,
    policy: Policy,
    *,
    exponent: int = 2,
) -> FloatArray:
    """Return the expected objective of each public candidate, (m, K), per unit sold at the base.

    sum_s w_s max_r E[worth(r) (r / base)^(-e scale_s)] exp(-A/2 log(r / p)^2), r over the personal
    rungs of p within the cap; without a personal price r = p. Under the normal posterior of e the
    expectation is the lognormal mean exp(-e s x + (sd s x)^2 / 2), x = log(r / base). Source: list
    price with capped personal discounts, by enumeration over both ladders.

    >>> terms = example_demand()
    >>> joint_worth(np.array([[389, 400, 409]]), terms, one_segment(1), Policy()).round(2).tolist()
    [[119.51, 120.0, 119.87]]
    """
    worth = expected_worth(
        public_minor.astype(np.float64),
        terms.base_minor[:, None].astype(np.float64),
        terms.cost[:, None],
        terms.elasticity[:, None],
        terms.elasticity_sd[:, None],
        objective=policy.objective,
    )
    # Where no segment is told apart from the others the closed form is the answer already.
    mixed = np.flatnonzero((segments.is_personal | (segments.scale != 1.0)).any(axis=0))
    rows = max(1, BLOCK_NUMBERS // max(1, 6 * public_minor.shape[1]))
    for begin in range(0, len(mixed), rows):
        block = mixed[begin : begin + rows]
        here = segments.take(block)
        best, _ = _best_by_segment(
            public_minor[block], terms.take(block), here, policy, exponent=exponent
        )
        worth[block] = (here.weight[:, :, None] * best).sum(axis=0)
    return worth


def personal_prices(
    public_minor: IntArray,
    terms: DemandTerms,
    segments: Segments,
    policy: Policy,
    *,
    exponent: int = 2,
) -> IntArray:
    """Return the best personal price of each segment under public prices (m,), shape (S, m).

    >>> mix = mix_segments(np.array([1.0, 1.0]), np.array([[0.0], [2.0]]))
    >>> personal_prices(np.array([400]), example_demand(), mix, Policy()).tolist()
    [[400], [379]]
    """
    _, price = _best_by_segment(public_minor[:, None], terms, segments, policy, exponent=exponent)
    return price[:, :, 0]


def _best_by_segment(
    public_minor: IntArray,
    terms: DemandTerms,
    segments: Segments,
    policy: Policy,
    *,
    exponent: int,
) -> tuple[FloatArray, IntArray]:
    """Return worth and price of each segment's best rung below each candidate, both (S, m, K)."""
    m, width = public_minor.shape
    cap = policy.personal_cap if segments.is_personal.any() else 0.0
    floor = np.repeat(terms.floor_minor, width)
    rungs = personal_rungs(public_minor.reshape(-1), floor, cap, exponent).reshape(m, width, -1)
    price = rungs.astype(np.float64)
    x = np.log(price / terms.base_minor[:, None, None])
    away = x - x[:, :, :1]
    spread = np.exp(-0.5 * policy.spread_aversion * (away * away))
    gain = unit_worth(price, terms.cost[:, None, None], policy.objective) * spread
    best = np.empty((len(segments.weight), m, width))
    chosen = np.empty((len(segments.weight), m, width), dtype=np.int64)
    for at, (scale, is_personal) in enumerate(
        zip(segments.scale, segments.is_personal, strict=True)
    ):
        pull = (terms.elasticity * scale)[:, None, None] * x
        noise = (terms.elasticity_sd * scale)[:, None, None] * x
        worth = gain * np.exp(0.5 * noise * noise - pull)
        worth[:, :, 1:][~is_personal] = -np.inf
        place = np.argmax(worth, axis=2)[:, :, None]
        best[at] = np.take_along_axis(worth, place, axis=2)[:, :, 0]
        chosen[at] = np.take_along_axis(rungs, place, axis=2)[:, :, 0]
    return best, chosen


def example_demand() -> DemandTerms:
    """Return the terms of one variant for examples: cost 280, elasticity 3.3."""
    one = np.ones(1)
    price = np.array([400])
    return DemandTerms(price, 280.0 * one, np.array([286]), 3.3 * one, 0.2 * one)
