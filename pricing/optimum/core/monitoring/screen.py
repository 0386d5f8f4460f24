"""Last check of a draft of public prices, independent of the code that made it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.base.core.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Limits:
    """What a draft may not do. Shares are fractions.

    `widest_sd`: a posterior sd above this share of its elasticity says nothing; a draft in which
    more than `most_share` of the model's moves are stopped is stopped as a whole, from
    `least_moves` on.
    """

    widest_sd: float = 1.5
    most_share: float = 0.10
    least_moves: int = 20


@dataclass(frozen=True, slots=True)
class Breach:
    """Variants of a draft, (m,), that one rule stops."""

    kind: str
    where: BoolArray


def screen_prices(
    *,
    old_minor: IntArray,
    new_minor: IntArray,
    floor_minor: IntArray,
    most_minor: IntArray,
    least_minor: IntArray,
    elasticity: FloatArray,
    elasticity_sd: FloatArray,
    is_model: BoolArray,
    limits: Limits,
) -> tuple[Breach, ...]:
    """Return what is wrong with new prices, arrays (m,), one breach for each rule that stops any.

    `most_minor` and `least_minor` are the bounds of a day's step. Moves of people (`is_model`
    False) are not judged by step and posterior: they bound themselves.

    >>> one = np.array([400, 400])
    >>> [found.kind for found in screen_prices(
    ...     old_minor=one, new_minor=np.array([460, 399]), floor_minor=one - 100,
    ...     most_minor=one + 40, least_minor=one - 40, elasticity=np.array([2.0, np.nan]),
    ...     elasticity_sd=np.ones(2), is_model=np.ones(2, dtype=bool), limits=Limits())]
    ['step', 'number']
    """
    moved = new_minor != old_minor
    is_number = np.isfinite(elasticity) & np.isfinite(elasticity_sd) & (elasticity > 0.0)
    is_wide = is_number & (elasticity_sd > limits.widest_sd * np.where(is_number, elasticity, 1))
    found = {
        "step": moved & is_model & ((new_minor > most_minor) | (new_minor < least_minor)),
        # A price that was below its floor before may stay there or rise towards it.
        "margin": moved & is_model & (new_minor < floor_minor) & (new_minor < old_minor),
        "number": ~is_number | (new_minor <= 0),
        "posterior": moved & is_model & is_wide,
    }
    return tuple(Breach(kind, where) for kind, where in found.items() if where.any())


def hold_moves(breaches: tuple[Breach, ...], is_move: BoolArray, limits: Limits) -> BoolArray:
    """Return which variants keep their price, (m,): those of any breach, or all that move.

    `is_move` (m,) are the model's moves. So many breaches at once are a fault of the draft, not of
    single variants.

    >>> moves = np.ones(30, dtype=bool)
    >>> few, many = moves.cumsum() <= 2, moves.cumsum() <= 4
    >>> [int(hold_moves((Breach("step", one),), moves, Limits()).sum()) for one in (few, many)]
    [2, 30]
    """
    held = np.zeros(len(is_move), dtype=np.bool_)
    for breach in breaches:
        held |= breach.where
    moves, stopped = int(is_move.sum()), int((held & is_move).sum())
    if moves >= limits.least_moves and stopped > limits.most_share * moves:
        return held | is_move
    return held
