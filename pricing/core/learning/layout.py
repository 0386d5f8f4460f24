"""Where each coefficient of the choice model stands.

The utility of item i for one shopper at price p, with r = p / reference price of the item:

    u = z . a_i  -  exp(z . g_i) ((r^k - 1) / k + f . c)  -  b c_b  +  e . w  +  s . v

z = [1, competitor gap, is history, features]; e = log excess of the price over the competitor's,
0 where it is not above; s = harmonics of the season; f = minus the log of the price remembered as
usual, and how far the price lies above it; b = 1 where it is above the lowest of late. a_i and g_i
are a shared part plus an item's own part, both shrunk. The slope exp(z . g) is positive whatever
z is, and effects on it multiply, as elasticities do across shops (Hitsch, Hortacsu, Lin, "Prices
and promotions in U.S. retail markets", 2021). k is the power of Box and Cox ("An analysis of
transformations", 1964): 1 is a logit that is linear in the price, 0 one that is linear in log
price (constant elasticity at small probabilities).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.core.arrays import FloatArray, IntArray
from pricing.core.learning.remembered import FELT

INTERCEPT, GAP, HISTORY, FEATURES = 0, 1, 2, 3
PERIODS = (1.0, 7.0, 30.4375, 365.25)  # days
SEASONS = 2 * len(PERIODS)
TAIL = 2 + FELT + SEASONS  # coefficients after a and g: the power, w, c, season
MAX_OWN_FEATURES = 48  # beyond, features act alike on all items
MAX_OWN_COEFFICIENTS = 12_000
# Groups of coefficients that share one prior spread, after two for each kind of z.
POWER_GROUP, EXCESS_GROUP, FELT_GROUP, WAITING_GROUP, SEASON_GROUP = range(5)


@dataclass(frozen=True, slots=True)
class Layout:
    """Positions of coefficients for a number of feature columns.

    >>> layout = Layout.of(features=2, items=3, owners=[0, 0])
    >>> layout.width, layout.size, layout.own.tolist()
    (5, 23, [0, 3, 4, 5, 8, 9])
    """

    width: int  # columns of z
    own: IntArray  # positions of the coefficients that items have of their own
    groups: IntArray  # (size,) which coefficients share one prior spread

    @property
    def size(self) -> int:
        """Return the number of coefficients of one item."""
        return 2 * self.width + TAIL

    @property
    def power(self) -> int:
        """Return the position of the power k."""
        return 2 * self.width

    @property
    def excess(self) -> int:
        """Return the position of w."""
        return 2 * self.width + 1

    @property
    def felt(self) -> slice:
        """Return the positions of c: usual price, loss, waiting."""
        return slice(2 * self.width + 2, 2 * self.width + 2 + FELT)

    @property
    def season(self) -> slice:
        """Return the positions of the season v."""
        return slice(2 * self.width + 2 + FELT, self.size)

    @classmethod
    def of(cls, features: int, items: int, owners: list[int]) -> Layout:
        """Return the layout for `features` columns, of which column j belongs to owners[j]."""
        width = FEATURES + features
        is_rich = (
            features <= MAX_OWN_FEATURES and 2 * (features + 1) * items <= MAX_OWN_COEFFICIENTS
        )
        of_z = np.array([INTERCEPT, *range(FEATURES, width)] if is_rich else [INTERCEPT])
        kinds = np.concatenate([[0, 1, 2], np.array(owners, dtype=np.int64) + 3])
        last = 2 * int(kinds.max()) + 2
        tail = [
            POWER_GROUP,
            EXCESS_GROUP,
            FELT_GROUP,
            FELT_GROUP,
            WAITING_GROUP,
            *[SEASON_GROUP] * SEASONS,
        ]
        groups = np.concatenate([2 * kinds, 2 * kinds + 1, np.array(tail) + last])
        return cls(width, np.concatenate([of_z, of_z + width]), groups.astype(np.int64))

    def positions_of(self, older: Layout) -> IntArray:
        """Return where the coefficients of an older, narrower layout stand in this one."""
        z = np.arange(older.width)
        return np.concatenate([z, z + self.width, np.arange(TAIL) + 2 * self.width])


def transform_price(log_ratio: FloatArray, power: FloatArray | float) -> FloatArray:
    """Return (r^k - 1) / k for log r and k, log r where k is 0; the arguments are broadcast.

    >>> transform_price(np.log([0.5, 1.0, 2.0]), 1.0).round(9).tolist()
    [-0.5, 0.0, 1.0]
    >>> transform_price(np.log([2.0]), 0.0).round(3).tolist()
    [0.693]
    """
    safe = np.where(np.abs(power) < 1e-4, 1e-4, power)
    transformed: FloatArray = np.expm1(safe * log_ratio) / safe
    return transformed


def slant_price(log_ratio: FloatArray, power: float) -> FloatArray:
    """Return the derivative of `transform_price` by the power.

    >>> slant_price(np.log([1.0, np.e]), 0.0).round(3).tolist()
    [0.0, 0.5]
    """
    if abs(power) < 1e-2:
        near: FloatArray = log_ratio**2 / 2.0 + power * log_ratio**3 / 3.0
        return near
    grown = np.exp(power * log_ratio)
    slant: FloatArray = (grown * log_ratio - (grown - 1.0) / power) / power
    return slant


def build_season(times: FloatArray, is_on: FloatArray) -> FloatArray:
    """Return sine and cosine of each of PERIODS at `times`, (N, SEASONS); 0 where a period is off.

    >>> build_season(np.array([0.0]), np.array([0.0, 1.0, 0.0, 0.0])).tolist()
    [[0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0]]
    """
    angles = 2.0 * np.pi * times[:, None] / np.array(PERIODS)
    return np.concatenate([np.sin(angles) * is_on, np.cos(angles) * is_on], axis=1)
