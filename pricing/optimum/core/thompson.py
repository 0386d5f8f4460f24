"""Thompson sampling over price price points, in closed form: a hundred equally likely elasticities.

A shopper's elasticity e (1 + z) is uncertain: e ~ N(m, s^2). A share `scale` of the sd is drawn,
the rest stays in the expectation, so that scale = 0 is the posterior expected optimum and scale = 1
Thompson sampling proper (Thompson 1933; Chapelle and Li 2011 draw with a smaller sd). With
x = log(p / public) the log payoff of a price point,

    log(p - c) - e (1 + z) x + (1 - scale^2) s^2 (1 + z)^2 x^2 / 2 - spread_aversion x^2 / 2,

is a line in e. Lower price points have steeper lines, so the best price point as a function of e is
the upper envelope: between two break points of it one price point is best, and its probability is
the normal mass between them. No price point is simulated.

The draw is one of DRAWS equally likely quantiles, so a probability is a whole percent: 0 or at
least 1 %, as off-policy estimates need. Cutting small masses off and scaling the rest up would
give that too, but could raise a price for more activity: when a middle price point falls below 1 %,
part of its mass would move to dearer ones. Rounding the distribution function cannot: break points
fall as z grows, so for a given draw a price never rises.

The draw belongs to a variant and a week, not to a shopper: whoever did the same sees the same
price, and who did more (or signed in) pays no more than who did less.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import ndtri

from pricing.base.core.values import BoolArray, FloatArray, IntArray
from profiles.lots import PERCENTS, Purpose, draw_percents, find_seed

DRAWS = PERCENTS
QUANTILES: FloatArray = ndtri((np.arange(DRAWS) + 0.5) / DRAWS)
QUANTILES.setflags(write=False)

DAY_MS = 86_400_000
# 1 January 1970 was a Thursday: three days after a Monday.
_THURSDAY = 3
_IMPOSSIBLE = -1e30
# Below this a sd is none: dividing by it would overflow.
_LEAST_SD = 1e-12


@dataclass(frozen=True, slots=True)
class Draw:
    """Which of the DRAWS quantiles of its elasticity each variant gets, (m,); the sd's share."""

    place: IntArray
    scale: float

    def take(self, where: IntArray) -> Draw:
        """Return the draws of the variants at positions `where`."""
        return Draw(self.place[where], self.scale)


def week_of(now_ms: int) -> int:
    """Return the number of the week (from Monday, UTC) of a moment: how long a draw lasts.

    >>> monday = 4 * DAY_MS
    >>> week_of(monday - 1), week_of(monday)
    (0, 1)
    """
    return (now_ms // DAY_MS + _THURSDAY) // 7


def draw_places(now_ms: int, variant_id: IntArray) -> IntArray:
    """Return which of the DRAWS quantiles each variant gets in the week of a moment, (m,).

    >>> draw_places(0, np.array([1, 2, 3])).tolist()
    [13, 42, 39]
    """
    return draw_percents(_find_seed(week_of(now_ms)), variant_id)


@lru_cache(maxsize=8)
def _find_seed(week: int) -> int:
    return find_seed(Purpose.PRICE_DRAW, str(week))


@dataclass(frozen=True, slots=True)
class Lines:
    """Log payoffs as lines in e: the part without z (m, R), and what a line is made of.

    `log_ratio` (m, R) is x <= 0 by falling price; `is_rung` (m, R) is False for padding and for
    prices at or below cost; `mean` and `sd` (m,) are of e.
    """

    fixed: FloatArray
    log_ratio: FloatArray
    is_rung: BoolArray
    mean: FloatArray
    sd: FloatArray


def break_points(lines: Lines, boost: FloatArray, scale: float) -> FloatArray:
    """Return from which e on price point k or a lower one is best, (n, m, R); huge where it never
    is.

    Price point k or lower beats all higher ones from min over j >= k of max over i < k of the e
    where lines i and j cross. Ascending in k, falling in z.

    >>> lines = example_lines()
    >>> break_points(lines, np.array([[0.0]]), 1.0).round(3).tolist()
    [[[0.0, 1.667, 2.5]]]
    """
    height, curved = _shape(lines, boost, scale)
    # Price points that are none get a slope of their own, so that no two lines are parallel.
    width = height.shape[-1]
    slope = np.where(lines.is_rung, -curved, 1e3 + np.arange(width))
    points = np.zeros(height.shape)
    crossing = np.full(height.shape, -np.inf)
    for k in range(width - 1):
        here = (height[..., k : k + 1] - height[..., k + 1 :]) / (
            slope[..., k + 1 :] - slope[..., k : k + 1]
        )
        crossing = np.maximum(crossing[..., 1:], here)
        points[..., k + 1] = crossing.min(axis=-1)
    return points


def count_dearer(points: FloatArray, lines: Lines, scale: float) -> IntArray:
    """Return how many of the DRAWS choose a dearer price point than k, (n, m, R): 0 for the first.

    An elasticity is not below 0: where a break point is, every draw passes it.
    """
    sd = scale * lines.sd[:, None]
    mean = lines.mean[:, None]
    is_spread = sd > _LEAST_SD
    standard = (points - mean) / np.where(is_spread, sd, 1.0)
    count = np.searchsorted(QUANTILES, standard, side="right")
    certain = np.where(mean > points, 0, DRAWS)
    count = np.where(is_spread, count, certain)
    count = np.where(points < 0.0, 0, count)
    count[..., 0] = 0
    return count


def choose_drawn(lines: Lines, boost: FloatArray, draw: Draw) -> IntArray:
    """Return the position of the price point that is best at each drawn elasticity, (n, m).

    The same price point that the break points lead to, found without them: this is the request
    path.

    >>> choose_drawn(example_lines(), np.array([[0.0]]), Draw(np.array([50]), 1.0)).tolist()
    [[1]]
    """
    height, curved = _shape(lines, boost, draw.scale)
    drawn = np.maximum(0.0, lines.mean + draw.scale * lines.sd * QUANTILES[draw.place])
    chosen: IntArray = np.argmax(height - drawn[:, None] * curved, axis=-1)
    return chosen


def _shape(lines: Lines, boost: FloatArray, scale: float) -> tuple[FloatArray, FloatArray]:
    """Return the lines at e = 0, and how steeply they fall, each (n, m, R)."""
    curved = (1.0 + boost[..., None]) * lines.log_ratio
    left = 0.5 * (1.0 - scale * scale) * (lines.sd * lines.sd)[:, None]
    return np.where(lines.is_rung, lines.fixed + left * curved * curved, _IMPOSSIBLE), curved


def percents(dearer: IntArray) -> IntArray:
    """Return the probability of each price point in whole percent, (n, m, R); sums to DRAWS.

    >>> percents(np.array([[[0, 30, 90]]])).tolist()
    [[[30, 60, 10]]]
    """
    return np.diff(dearer, axis=-1, append=DRAWS)


def example_lines() -> Lines:
    """Return three prices of one variant whose best changes at e = 5/3 and 5/2, for examples."""
    log_ratio = np.array([[0.0, -0.06, -0.1]])
    return Lines(
        fixed=np.array([[0.0, -0.1, -0.2]]),
        log_ratio=log_ratio,
        is_rung=np.array([[True, True, True]]),
        mean=np.array([1.8]),
        sd=np.array([0.4]),
    )
