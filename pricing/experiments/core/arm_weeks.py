"""Turns of experiments with public prices in weekly prices.

Turns begin at any hour, weeks on Monday, and a week's price is read in its middle: what its mean
log price was beside that is its shift.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.base.core.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class ArmPeriods:
    """n spells of variants' public prices, arrays (n,): from `begin` to `end` (seconds since the
    epoch) at `shown_minor`, where `other_minor` was as likely."""

    variant_id: IntArray
    begin: FloatArray
    end: FloatArray
    shown_minor: FloatArray
    other_minor: FloatArray

    def __len__(self) -> int:
        return len(self.variant_id)

    def take(self, where: BoolArray) -> ArmPeriods:
        """Return the spells where a mask says so."""
        return ArmPeriods(**{name: getattr(self, name)[where] for name in self.__slots__})


def shift_weeks(
    spells: ArmPeriods, item: IntArray, items: int, edges: FloatArray, middle: IntArray
) -> FloatArray:
    """Return what each week's mean log price is above that of its middle, (N, W): `item` (n,) is
    the row of each spell, `edges` (W + 1,) where weeks begin, the last one's end among them,
    `middle` (W,) where their price is read; seconds.

    >>> spells = ArmPeriods(
    ...     np.array([7]), np.array([0.0]), np.array([4.0]), np.array([380.0]), np.array([400.0])
    ... )
    >>> edges, middle = np.array([0.0, 10.0]), np.array([5])
    >>> shift_weeks(spells, np.array([0]), 1, edges, middle).round(4).tolist()
    [[-0.0205]]
    """
    shift = np.zeros((items, len(middle)))
    # Below the price without the experiment; the plain arm's is that price.
    move = np.minimum(np.log(spells.shown_minor) - np.log(spells.other_minor), 0.0)
    begin, end = spells.begin[:, None], spells.end[:, None]
    inside = np.minimum(end, edges[None, 1:]) - np.maximum(begin, edges[None, :-1])
    share = np.maximum(inside, 0.0) / np.diff(edges)
    holds = (begin <= middle) & (middle < end)
    at, week = np.nonzero(share > 0.0)
    np.add.at(shift, (item[at], week), (share[at, week] - holds[at, week]) * move[at])
    return shift
