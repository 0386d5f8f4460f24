"""New offers inside the argmax: Thompson sampling with a prior from similar offers.

Nobody knows what an offer earns that was never given out. What is not known is one number per
offer, its effect theta relative to what the uplift model expects of an offer of that depth on those
products; offers that ran before have shown theirs, with an error. The prior of a new offer is the
random-effects mean of those, weighted by similarity w:

    m = sum w_j p_j x_j / sum w_j p_j,   p_j = 1 / (s_j^2 + tau^2),
    variance = tau^2 + 1 / sum w_j p_j

with tau^2 the spread between offers (DerSimonian and Laird 1986). Each decision draws theta from
the posterior and multiplies the offer's value by it, so an offer is tried as often as it may be the
best (Thompson 1933). Costs keep their expectation: a draw must not buy room in a budget.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from profiles.lots import Purpose, find_place

FloatArray = NDArray[np.float64]
# Where no similar offer ran: the model's word for it, taken with a wide doubt.
DEFAULT_MEAN, DEFAULT_SD = 1.0, 0.5
# New offers are tried on at most so many of the shoppers: most get what is believed to be best.
MOST_EXPLORING = 0.5
# With fewer people an offer's effect is not told; with an expected uplift below this neither.
FEWEST, LEAST_UPLIFT = 30, 1e-4


@dataclass(frozen=True, slots=True)
class Beliefs:
    """What is believed of the effects of m offers, relative to the model: normal, (m,) each."""

    mean: FloatArray
    variance: FloatArray

    def update(self, effect: ArrayLike, sd: ArrayLike) -> Self:
        """Return the beliefs after measured effects (m,) with standard errors; NaN: not measured.

        >>> old = Beliefs(np.array([1.0, 1.0]), np.array([0.25, 0.25]))
        >>> old.update([2.0, np.nan], [0.5, np.nan]).mean.tolist()
        [1.5, 1.0]
        """
        seen, error = np.asarray(effect, dtype=float), np.asarray(sd, dtype=float)
        told = np.isfinite(seen) & (error > 0)
        precision = np.where(told, 1.0 / np.where(told, error, 1.0) ** 2, 0.0)
        variance = 1.0 / (1.0 / self.variance + precision)
        total = self.mean / self.variance + precision * np.where(told, seen, 0.0)
        return replace(self, mean=variance * total, variance=variance)


def draw_effect(mean: float, sd: float, unit: str, *salt: str) -> float:
    """Return the draw of one decision: a normal quantile at the unit's place, never below 0.

    The same salt gives the same draw, on any machine and day: a decision can be made again.

    >>> draw_effect(1.0, 0.5, "alice", "seed") == draw_effect(1.0, 0.5, "alice", "seed")
    True
    >>> draw_effect(1.0, 0.0, "bob", "seed"), draw_effect(-9.0, 0.1, "bob", "seed")
    (1.0, 0.0)
    """
    place = min(max(find_place(unit, Purpose.OFFER_EFFECT, *salt), 1e-12), 1.0 - 1e-12)
    return max(mean + sd * float(ndtri(place)), 0.0)


def measure_effect(
    bought: FloatArray, is_given: NDArray[np.bool_], predicted: FloatArray
) -> tuple[float, float]:
    """Return an offer's effect relative to the model and its standard error, from n people who got
    it or nothing by chance: `bought` (n,) 0 or 1, `predicted` (n,) the uplift the model expects.

    NaN where it cannot be told: fewer than FEWEST in either group, or nothing expected.

    >>> bought = np.array([1.0, 1.0, 0.0, 0.0] * 50)
    >>> given = np.array([True, True, False, True] * 50)
    >>> effect, error = measure_effect(bought, given, np.full(200, 1 / 3))
    >>> round(effect, 2), round(error, 2)
    (2.0, 0.12)
    """
    with_it, without = bought[is_given], bought[~is_given]
    expected = float(predicted.mean()) if len(predicted) else 0.0
    if min(len(with_it), len(without)) < FEWEST or expected <= LEAST_UPLIFT:
        return float("nan"), float("nan")
    spread = float(with_it.var(ddof=1)) / len(with_it) + float(without.var(ddof=1)) / len(without)
    # Nobody bought, or everybody: one more or less is how little is known.
    error = max(spread, 1.0 / min(len(with_it), len(without)) ** 2)
    return float(with_it.mean() - without.mean()) / expected, float(np.sqrt(error)) / expected


def liken(
    depth: Sequence[float],
    goods: Sequence[frozenset[int]],
    others: Sequence[tuple[float, frozenset[int]]],
) -> FloatArray:
    """Return how like m offers are to k others that ran, (m, k), 0 to 1: near in depth, and on the
    same products.

    >>> cheese, wine = frozenset({1, 2}), frozenset({3})
    >>> liken([0.1], [cheese], [(0.1, cheese), (0.1, wine), (0.3, cheese)]).round(3).tolist()
    [[1.0, 0.25, 0.135]]
    """
    found = np.zeros((len(depth), len(others)))
    for row, (mine, covered) in enumerate(zip(depth, goods, strict=True)):
        for column, (other, theirs) in enumerate(others):
            shared = len(covered & theirs) / max(1, len(covered | theirs))
            found[row, column] = np.exp(-abs(mine - other) / 0.1) * (0.25 + 0.75 * shared)
    return found


def believe_like(similarity: ArrayLike, effect: ArrayLike, sd: ArrayLike) -> Beliefs:
    """Return beliefs about m new offers from k that ran: `similarity` (m, k) >= 0, `effect` and
    `sd` (k,) what those earned relative to the model.

    >>> close = believe_like([[1.0, 0.0], [0.0, 0.0]], [0.5, 3.0], [0.1, 0.1])
    >>> close.mean.round(3).tolist()
    [0.5, 1.0]
    >>> bool(close.variance[0] > 3), float(close.variance[1]) == DEFAULT_SD**2
    (True, True)
    """
    weight, x = np.asarray(similarity, dtype=float), np.asarray(effect, dtype=float)
    error = np.asarray(sd, dtype=float) ** 2
    spread = _spread(x, error)
    pull = weight / (error + spread)
    total = pull.sum(axis=1)
    known = total > 0
    safe = np.where(known, total, 1.0)
    return Beliefs(
        np.where(known, pull @ x / safe, DEFAULT_MEAN),
        np.where(known, spread + 1.0 / safe, DEFAULT_SD**2),
    )


def _spread(effect: FloatArray, error: FloatArray) -> float:
    """Return tau^2 between offers (DerSimonian and Laird), at least a little."""
    if len(effect) < 2:
        return DEFAULT_SD**2
    weight = 1.0 / error
    mean = weight @ effect / weight.sum()
    q = weight @ (effect - mean) ** 2
    scale = weight.sum() - (weight**2).sum() / weight.sum()
    return max(float(q - (len(effect) - 1)) / float(scale), 0.01)


# Shoppers come one after another and nobody knows how many want what. The price of money lambda
# that the allocator found is a forecast; after every block it moves by how far the block's spend
# was from what it should have been,
#
#     log lambda += gain * clip(log(spend / target), -LARGEST, LARGEST),
#
# where target is what is left of the budget spread over what is left of the time. A dual mirror
# step in log lambda (Balseiro, Lu and Mirrokni, arXiv 2011.10124); being relative, it needs no
# scale. The gain falls with the number of blocks, gain / sqrt(1 + blocks / SETTLING) down to
# LEAST_GAIN: a wrong forecast is put right in the first blocks, and later ones hardly chase their
# own noise. The stop is not here: whoever spends takes the amount and the permission in one
# conditional update.

# The price of money at which an offer adds just what it costs: below it the shop would pay to sell
BREAK_EVEN = 1.0
LARGEST = 1.0
GAIN, LEAST_GAIN, SETTLING = 0.5, 0.05, 2.0
# A block that spent nothing says "too dear", not "infinitely too dear".
LEAST_RATIO = 0.05


def steer_price(price: float, spend: float, target: float, *, blocks: int) -> float:
    """Return lambda after a block that spent `spend` where `target` was planned.

    Nothing planned, nothing learned: the price stays. A price of 0 (money is not short) is left at
    0 unless more than planned was spent.

    >>> round(steer_price(2.0, spend=20.0, target=10.0, blocks=0), 4)
    2.8284
    >>> steer_price(2.0, spend=10.0, target=10.0, blocks=0)
    2.0
    """
    if target <= 0:
        return price
    ratio = max(spend / target, LEAST_RATIO)
    if price <= 0:
        return 1e-3 if ratio > 1 else 0.0
    gain = max(GAIN / math.sqrt(1.0 + blocks / SETTLING), LEAST_GAIN)
    return price * math.exp(gain * min(max(math.log(ratio), -LARGEST), LARGEST))
