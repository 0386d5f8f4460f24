"""Where each coefficient of the choice model stands.

The utility of item i for one shopper at price p, with r = p / reference price of the item:

    u = z . a_i  -  (r - 1) z . b_i  +  c_i (log r - (r - 1))  +  s . w

z = [1, competitor gap, is history, features]; s = harmonics of the season. a_i, b_i, c_i are a
shared part plus an item's own part, both shrunk. c = 0 is a logit that is linear in the price;
c = b is one that is linear in log price (constant elasticity at small probabilities).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.core.arrays import FloatArray, IntArray

INTERCEPT, GAP, HISTORY, FEATURES = 0, 1, 2, 3
PERIODS = (1.0, 7.0, 30.4375, 365.25)  # days
SEASONS = 2 * len(PERIODS)
MAX_OWN_FEATURES = 48  # beyond, features act alike on all items
MAX_OWN_COEFFICIENTS = 12_000


@dataclass(frozen=True, slots=True)
class Layout:
    """Positions of coefficients for a number of feature columns.

    >>> layout = Layout.of(features=2, items=3, owners=[0, 0])
    >>> layout.width, layout.size, layout.own.tolist()
    (5, 19, [0, 2, 3, 4, 5, 7, 8, 9, 10])
    """

    width: int  # columns of z
    own: IntArray  # positions of the coefficients that items have of their own
    groups: IntArray  # (size,) which coefficients share one prior spread

    @property
    def size(self) -> int:
        """Return the number of coefficients of one item: a, b, c and seasons."""
        return 2 * self.width + 1 + SEASONS

    @property
    def curve(self) -> int:
        """Return the position of c."""
        return 2 * self.width

    @classmethod
    def of(cls, features: int, items: int, owners: list[int]) -> Layout:
        """Return the layout for `features` columns, of which column j belongs to owners[j]."""
        width = FEATURES + features
        count = 2 * (features + 2) + 1
        is_rich = features <= MAX_OWN_FEATURES and count * items <= MAX_OWN_COEFFICIENTS
        basics = [INTERCEPT, HISTORY]
        of_z = np.array([*basics, *range(FEATURES, width)] if is_rich else basics)
        own = np.concatenate([of_z, of_z + width, [2 * width]])
        kinds = np.concatenate([[0, 1, 2], np.array(owners, dtype=np.int64) + 3])
        groups = np.concatenate(
            [2 * kinds, 2 * kinds + 1, [2 * kinds.max() + 2], np.full(SEASONS, 2 * kinds.max() + 3)]
        )
        return cls(width, own.astype(np.int64), groups.astype(np.int64))

    def positions_of(self, older: Layout) -> IntArray:
        """Return where the coefficients of an older, narrower layout stand in this one."""
        z = np.arange(older.width)
        tail = np.arange(1 + SEASONS) + 2 * self.width
        return np.concatenate([z, z + self.width, tail])


def build_basis(z: FloatArray, ratio: FloatArray, season: FloatArray) -> FloatArray:
    """Return the rows that coefficients multiply, (N, size), from z (N, width) and p / reference.

    >>> build_basis(np.ones((1, 1)), np.array([1.0]), np.zeros((1, 0))).tolist()
    [[1.0, -0.0, 0.0]]
    """
    x = ratio - 1.0
    return np.concatenate([z, -x[:, None] * z, (np.log(ratio) - x)[:, None], season], axis=1)


def build_season(times: FloatArray, is_on: FloatArray) -> FloatArray:
    """Return sine and cosine of each of PERIODS at `times`, (N, SEASONS); 0 where a period is off.

    >>> build_season(np.array([0.0]), np.array([0.0, 1.0, 0.0, 0.0])).tolist()
    [[0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0]]
    """
    angles = 2.0 * np.pi * times[:, None] / np.array(PERIODS)
    return np.concatenate([np.sin(angles) * is_on, np.cos(angles) * is_on], axis=1)
