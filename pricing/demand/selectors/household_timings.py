"""Weeks and purchase history of each shopper, input of the household response test."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.core.household_response import NEVER, Timings
from pricing.demand.core.training_cells import TrainingCells
from profiles.features.api import LONG_HALF_LIFE, EventColumns, fade, weigh

# A line among the cheapest third of its category, and the sums at which these signals are half.
CHEAP_RANK = 1.0 / 3.0
CHEAP_SCALE, FAMILY_SCALE = 200.0, 5.0
FEWEST_PAIRS, MOST_PAIRS = 500, 120_000
HALF_A_LINE = 0.5


@dataclass(slots=True)
class Past:
    """What shoppers did before the first week and in which weeks they bought: by chunks.

    `general` (n, 2) are decayed lines on offer and cheap ones; `family` (n, families, 2) the same
    by the item's family; `trips` (n, weeks) all lines.
    """

    general: list[FloatArray] = field(default_factory=list)
    family: list[FloatArray] = field(default_factory=list)
    trips: list[FloatArray] = field(default_factory=list)

    def add(
        self,
        columns: EventColumns,
        number: IntArray,
        *,
        owners: int,
        cut: float,
        late: tuple[IntArray, int],
        family: tuple[IntArray, int],
    ) -> None:
        """Take in purchases: whose (`number`), in which later week (-1: before), of which family
        (-1: of none that is learned)."""
        (week, weeks), (own, families) = late, family
        early = week < 0
        decayed = np.where(early, weigh(columns.at, LONG_HALF_LIFE), 0.0) * fade(
            cut, LONG_HALF_LIFE
        )
        kinds = (columns.is_discounted, columns.price_rank <= CHEAP_RANK)
        at, known = number * families + np.maximum(own, 0), own >= 0
        general, by_family = [], []
        for kind in kinds:
            worth = decayed * kind
            general.append(np.bincount(number, worth, owners))
            sums = np.bincount(at[known], worth[known], owners * families)
            by_family.append(sums.reshape(owners, families))
        self.general.append(np.stack(general, axis=1))
        self.family.append(np.stack(by_family, axis=2))
        place = number[~early] * weeks + week[~early]
        lines = np.bincount(place, minlength=owners * weeks).astype(np.float64)
        self.trips.append(lines.reshape(owners, weeks))


def assemble_timings(
    past: Past,
    lines: IntArray,
    cells: TrainingCells,
    *,
    item: IntArray,
    weeks: slice,
    scale: float,
) -> tuple[Timings, IntArray] | None:
    """Return timings, their price moves not yet times the items' elasticities, and the item of each
    pair; None with too few pairs. `lines` (n, 4) are shopper, item, week and units.

    The signals are growing sums: offers as they serve (`deals` of those who know the family),
    offers in the family, cheap lines, cheap lines in the family.
    """
    trips = np.concatenate(past.trips)
    shopper, bought_item, week = lines[:, 0], lines[:, 1], lines[:, 2]
    pair, back = np.unique(shopper * len(item) + bought_item, return_inverse=True)
    if len(pair) < FEWEST_PAIRS:
        return None
    household, own = pair // len(item), pair % len(item)
    bought = np.zeros((len(pair), trips.shape[1]))
    bought[back.ravel(), week] = 1.0
    kept = (trips[household] > 0).sum(axis=1) > bought.sum(axis=1)
    # The most bought goods come first in no order of shoppers: a bound on memory alone.
    kept &= np.arange(len(pair)) < MOST_PAIRS
    household, own, bought = household[kept], own[kept], bought[kept]
    total = np.zeros((len(item), trips.shape[1]))
    np.add.at(total, (bought_item, week), 1.0)
    offset = np.where(
        trips[household] > 0, np.log(np.maximum(total[own] - bought, 0.0) + HALF_A_LINE), NEVER
    )
    other = np.log(np.maximum(trips[household] - bought, 0.0) + HALF_A_LINE)
    log_price = np.log(cells.price_minor[item][:, weeks])
    log_price -= log_price.mean(axis=1, keepdims=True)
    placed = (log_price, cells.display[item][:, weeks], cells.mailer[item][:, weeks])
    moves = np.stack([*(one[own] for one in placed), other], axis=2)
    signals = _signals(past, household, cells.family[item][own], scale)
    return Timings(household, bought, offset, moves, signals), own


def _signals(past: Past, household: IntArray, family: IntArray, scale: float) -> FloatArray:
    general = np.concatenate(past.general)[household]
    own = np.concatenate(past.family)[household, family]
    offers, cheap = general[:, 0], general[:, 1]
    return np.stack(
        [
            offers / (offers + scale) * (own.sum(axis=1) > 0.0),
            own[:, 0] / (own[:, 0] + FAMILY_SCALE),
            cheap / (cheap + CHEAP_SCALE),
            own[:, 1] / (own[:, 1] + FAMILY_SCALE),
        ],
        axis=1,
    )
