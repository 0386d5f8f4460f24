"""Randomization: the alternative that a unit gets, and the probability of each.

A lot is a hash of a salt and a unit. It falls on a place of [0, 1), and the chances of the
alternatives are stretches of [0, 1) in their order. So a draw is the same on every page, device and
day, nothing has to be stored to repeat it, and two draws of one unit with different salts are
independent of each other. Whoever is in a share is in every larger one: a share that grows moves
nobody out.

A salt begins with its `Purpose`, so that draws of two purposes never depend on each other. Nobody
may change a purpose's word or the order of the parts: every shopper would change arm. Shares that
hold now are read as `OpenLots`, whatever the purpose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from shop.ground.kernel.hashing import stable_draw, stable_seed

IntArray = NDArray[np.int64]

# So many equally likely alternatives have many products at once: each chance is a whole percent.
PERCENTS = 100
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_A, _MIX_B = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


class Purpose(StrEnum):
    """What lots are drawn for: the first part of a salt. That of price tests begins with market and
    channel instead."""

    EXPERIMENT = "experiment-slot"
    ARM = "experiment-arm"
    EXPERIMENT_HOLDOUT = "experiment-holdout"
    TURN = "experiment-cell"
    BANDIT = "bandit"
    PRICE_HOLDOUT = "price-holdout"
    TRIAL = "price-trial"
    PRICE_DRAW = "price-draw"
    PRICE_TEST = "price-test"
    CAMPAIGN_HOLDOUT = "campaign-holdout"
    NEW_OFFER = "offer-exploration"
    OFFER_EFFECT = "offer-effect"
    JUDGE = "uplift-judges"


@dataclass(frozen=True, slots=True)
class Lot:
    """What was drawn: the place of an alternative, and the chances of all of them, (k,)."""

    place: int
    chances: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class OpenLots:
    """Lots that are drawn at this moment: for what, about which campaign, experiment or model
    (`subject`), with which chance of each alternative, since when, and where.

    `since` is None where no record says it; no `markets` means all of them.
    """

    purpose: Purpose
    subject: str
    chances: Mapping[str, float]
    since: datetime | None = None
    markets: tuple[str, ...] = ()


def draw_lot(chances: Sequence[float], unit: str, *salt: str) -> Lot:
    """Return the alternative on whose stretch the unit falls. `chances` (k,) add up to 1.

    >>> draw_lot((0.5, 0.5), "alice", Purpose.ARM, "tea")
    Lot(place=0, chances=(0.5, 0.5))
    """
    place, end, last = find_place(unit, *salt), 0.0, 0
    for at, chance in enumerate(chances):
        if chance > 0.0:
            end, last = end + chance, at
        if place < end:
            break
    # Chances that add up to a hair less than 1 leave a gap: it is the last one's.
    return Lot(last, tuple(chances))


def is_in_share(unit: str, share: float, *salt: str) -> bool:
    """Return whether a unit is in a sticky share: whoever is in a share is in every larger one.

    >>> is_in_share("alice", 1.0, "holdout"), is_in_share("alice", 0.0, "holdout")
    (True, False)
    """
    return find_place(unit, *salt) < share


def draw_slot(unit: str, slots: int, *salt: str) -> int:
    """Return on which of so many equally likely slots, from 0 on, a unit stands.

    >>> draw_slot("alice", 1_000, Purpose.EXPERIMENT, "layer")
    388
    """
    return int(find_place(unit, *salt) * slots)


def is_first_of_pair(pair: int, *salt: str) -> bool:
    """Return what a fair coin says of a pair of turns: the first is treated, or else the second.

    >>> [is_first_of_pair(pair, Purpose.TURN, "salt", "3") for pair in range(4)]
    [True, True, True, True]
    """
    return is_in_share(str(pair), 0.5, *salt)


def find_place(unit: str, *salt: str) -> float:
    """Return where in [0, 1) a unit falls: for a draw from any distribution by its quantile.

    >>> 0.0 <= find_place("alice", Purpose.OFFER_EFFECT, "seed", "12") < 1.0
    True
    """
    return stable_draw(*salt, unit)


def find_seed(*salt: str) -> int:
    """Return 64 bits for a generator whose numbers can be repeated.

    >>> find_seed(Purpose.BANDIT, "salt", "2026-11-29")
    311124148694118214
    """
    return stable_seed(*salt)


def draw_percents(seed: ArrayLike, units: IntArray) -> IntArray:
    """Return a number in 0..PERCENTS-1 for each unit, (m,): the same for the same seed, for ever.

    `seed` is 64 bits, of all or of each unit. SplitMix64 (Steele, Lea and Flood 2014): hashing each
    unit by itself would take longer than the decision it is for.

    >>> draw_percents(7, np.array([1, 2, 3])).tolist()
    [96, 70, 90]
    """
    mixed: NDArray[np.uint64] = np.asarray(seed, dtype=np.uint64) ^ (
        units.astype(np.uint64) * _GOLDEN
    )
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_A
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_B
    mixed = mixed ^ (mixed >> np.uint64(31))
    percents: IntArray = ((mixed >> np.uint64(32)) * np.uint64(PERCENTS) >> np.uint64(32)).astype(
        np.int64
    )
    return percents


def draw_evenly(units: IntArray, share: float, *, seed: str, group: str, turn: str) -> IntArray:
    """Return which units (n,) of a group are drawn in a turn: 0 for most, 1 and -1 by turns.

    Units are put into an order by lot and taken at equal distances from a drawn start: each has the
    chance `share`, and the number taken differs from share n by less than one. 1 and -1 alternate
    from a drawn beginning, so each of them has half of the chance.

    >>> drawn = draw_evenly(np.arange(400), 0.05, seed="us/online", group="7", turn="2026-11-23")
    >>> np.bincount(drawn + 1).tolist()
    [10, 380, 10]
    """
    places = np.array([find_place(turn, seed, str(one)) for one in units.tolist()])
    order = np.lexsort((units, places))
    start, coin = (find_place(what, seed, group, turn) for what in ("start", "coin"))
    steps = np.floor(share * np.arange(len(units) + 1) + start)
    taken = order[np.diff(steps) > 0]
    drawn = np.zeros(len(units), dtype=np.int64)
    drawn[taken] = 1 - 2 * ((np.arange(len(taken)) + int(coin < 0.5)) % 2)
    return drawn
