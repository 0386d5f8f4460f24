"""Turns of experiments with public prices as randomised moves of weekly prices.

A fair coin for a cluster of goods and a pair of turns says in which of the two it is cheaper. So
the log price of a turn is its mean over both sides plus what chance did,

    log p = (log shown + log other) / 2 + (log shown - log other) / 2,

and only the second part, which has mean zero, is a shock to learn from: the first one is there in
the plain arm, too, and an experiment in a good season would make it look like an answer to prices.
Turns begin at any hour, weeks on Monday; a week has the part of the move that its hours had.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.core.arrays import BoolArray, FloatArray, IntArray

# A week whose shock is less than this part of a whole one is no draw to be counted.
WHOLE_ENOUGH = 0.5


@dataclass(frozen=True, slots=True)
class ArmSpells:
    """n spells of variants' public prices, arrays (n,): from `begin` to `end` (seconds since the
    epoch) at `shown_minor`, where `other_minor` was as likely; one `coin` (from 1) for all goods of
    a cluster in a pair of turns."""

    variant_id: IntArray
    begin: FloatArray
    end: FloatArray
    shown_minor: FloatArray
    other_minor: FloatArray
    coin: IntArray

    def __len__(self) -> int:
        return len(self.variant_id)

    def take(self, where: BoolArray) -> ArmSpells:
        """Return the spells where a mask says so."""
        return ArmSpells(**{name: getattr(self, name)[where] for name in self.__slots__})


@dataclass(frozen=True, slots=True)
class ArmWeeks:
    """What spells make of N items in W weeks, (N, W): `shock` is what chance did to the mean log
    price, `shift` what the week's mean log price is above that of its middle, `coin` whose draw it
    was (0: none to count)."""

    shock: FloatArray
    shift: FloatArray
    coin: IntArray


def spread_spells(
    spells: ArmSpells, item: IntArray, items: int, edges: FloatArray, middle: IntArray
) -> ArmWeeks:
    """Return the weeks of spells: `item` (n,) is the row of each, `edges` (W + 1,) where weeks
    begin, the last one's end among them, `middle` (W,) where their price is read; seconds.

    >>> spells = ArmSpells(
    ...     np.array([7, 7]), np.array([0.0, 10.0]), np.array([10.0, 20.0]),
    ...     np.array([380.0, 400.0]), np.array([400.0, 380.0]), np.array([1, 1]),
    ... )
    >>> found = spread_spells(
    ...     spells, np.array([0, 0]), 1, np.array([0.0, 10.0, 20.0]), np.array([5, 15])
    ... )
    >>> found.shock.round(4).tolist(), found.shift.tolist(), found.coin.tolist()
    ([[-0.0256, 0.0256]], [[0.0, 0.0]], [[1, 1]])
    """
    weeks = len(middle)
    shock, shift = np.zeros((items, weeks)), np.zeros((items, weeks))
    coin = np.zeros((items, weeks), dtype=np.int64)
    half = (np.log(spells.shown_minor) - np.log(spells.other_minor)) / 2.0
    # Below the price without the experiment; the plain arm's is that price.
    move = np.minimum(2.0 * half, 0.0)
    begin, end = spells.begin[:, None], spells.end[:, None]
    inside = np.minimum(end, edges[None, 1:]) - np.maximum(begin, edges[None, :-1])
    share = np.maximum(inside, 0.0) / np.diff(edges)
    holds = (begin <= middle) & (middle < end)
    at, week = np.nonzero(share > 0.0)
    np.add.at(shock, (item[at], week), share[at, week] * half[at])
    np.add.at(shift, (item[at], week), (share[at, week] - holds[at, week]) * move[at])
    for one, when in zip(at.tolist(), week.tolist(), strict=True):
        if abs(shock[item[one], when]) >= WHOLE_ENOUGH * abs(half[one]):
            coin[item[one], when] = max(coin[item[one], when], spells.coin[one])
    return ArmWeeks(shock, shift, coin)
