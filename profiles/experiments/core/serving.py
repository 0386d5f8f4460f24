"""Balance check of price experiments: turns served against turns drawn.

Each cluster is cheaper in one turn of every pair, so that no count of goods can be out of balance.
Three things can go wrong all the same, and each has a check:

- *Coins*: which turn of a pair is the cheaper one, a fair coin for each cluster and pair. They are
  counted once each, however many goods or looks hang on them, by the test of exposures.
- *Hours*: every counted hour of a good belongs to an arm. An hour under the other arm, or under
  none, is not what was drawn. A guardrail, staff or a switch may keep a price from its arm: told,
  and no fault, because both arms still are what chance made them.
- *Looks*: a page that is kept too long, or a count that is lost, takes looks from one arm. They are
  read as sales are, by clusters: a good that is looked at a lot brings a thousand looks and one
  coin. Cheaper goods may well be looked at more; so much more that no price explains it is a fault.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from profiles.experiments.core.cell_metrics import CellColumn
from profiles.experiments.core.sequences import MISMATCH, check_balance
from profiles.experiments.core.switchback import BoolArray, CellReading, read_cells

# More of an arm's counted hours than this, under another price than its own: a fault of serving.
MOST_ASTRAY = 0.1
# One step of a tenth is the furthest an arm goes; looks that differ by more than twice as much
# are not made by it.
MOST_LOOKS_APART = 0.2


@dataclass(frozen=True, slots=True)
class ServedHours:
    """Hours of goods in the counted days of a turn under the price of an arm.

    `turn` is the turn the hours lie in, `is_drawn` whether the price is that of this very turn,
    `is_held` whether something kept the price from its arm.
    """

    cluster: int
    turn: int
    is_treated: bool
    is_drawn: bool
    is_held: bool
    hours: float


@dataclass(frozen=True, slots=True)
class ServedReading:
    """Whether the turns so far were served as drawn.

    `first_treated` of `coins` pairs were cheaper in their first turn, with the p-value `balance`
    that holds at every look. By arm, plain first: `astray` is the part of its hours that was under
    another price, or none, `held` the part that something kept from it. `looks` is how looks of the
    cheaper arm differ, at the error `MISMATCH`; None where nobody counts them.
    """

    coins: int
    first_treated: int
    balance: float
    astray: tuple[float, float]
    held: tuple[float, float]
    looks: CellReading | None

    @property
    def fault(self) -> str:
        """What went wrong: "coins", "hours", "looks", or nothing."""
        if self.balance < MISMATCH:
            return "coins"
        if max(self.astray) > MOST_ASTRAY:
            return "hours"
        found = self.looks
        if found is not None and (found.low > MOST_LOOKS_APART or found.high < -MOST_LOOKS_APART):
            return "looks"
        return ""


def check_served(
    treated: BoolArray,
    planned_hours: NDArray[np.float64],
    served: Sequence[ServedHours],
    looks: CellColumn | None,
    *,
    tuned_for: float,
) -> ServedReading:
    """Return how c clusters were served in t turns that are over.

    `treated` (c, t) is what was drawn, `planned_hours` (c, t) what the goods of a cluster should
    have been shown.

    >>> from profiles.experiments.core.switchback import draw_cells
    >>> drawn = draw_cells("salt", 12, 4)
    >>> hours = [ServedHours(c, t, bool(drawn[c, t]), True, False, 24.0)
    ...          for c in range(12) for t in range(4)]
    >>> found = check_served(drawn, np.full((12, 4), 24.0), hours, None, tuned_for=24.0)
    >>> found.fault, found.astray
    ('', (0.0, 0.0))
    >>> check_served(drawn, np.full((12, 4), 24.0), hours[:40], None, tuned_for=24.0).fault
    'hours'
    """
    clusters, turns = treated.shape
    first = treated[:, 0 : turns // 2 * 2 : 2]
    kept, right = np.zeros((clusters, turns)), np.zeros((clusters, turns))
    for one in served:
        if one.is_drawn and one.is_treated == treated[one.cluster, one.turn]:
            right[one.cluster, one.turn] += one.hours
            kept[one.cluster, one.turn] += one.hours * one.is_held
    astray, held = [], []
    for arm in (~treated, treated):
        planned = float(planned_hours[arm].sum())
        right_share = float(right[arm].sum()) / planned if planned > 0.0 else 1.0
        astray.append(max(0.0, 1.0 - right_share))
        held.append(float(kept[arm].sum()) / planned if planned > 0.0 else 0.0)
    counts = [int(first.sum()), int((~first).sum())]
    read = None
    if looks is not None:
        read = read_cells(looks.turns, looks.level, treated, alpha=MISMATCH, tuned_for=tuned_for)
    return ServedReading(
        coins=first.size,
        first_treated=counts[0],
        balance=check_balance([(counts, (0.5, 0.5))]),
        astray=(astray[0], astray[1]),
        held=(held[0], held[1]),
        looks=read,
    )
