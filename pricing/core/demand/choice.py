"""What was chosen from what was shown: choice sets as dense arrays, and what habit says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pricing.core.arrays import BoolArray, FloatArray, IntArray
from pricing.core.demand.frames import (
    Coding,
    Frame,
    count_rows,
    has_column,
    read_labels,
    read_matrix,
    read_numbers,
    read_prices,
)

NOTHING = -1
UNSEEN = -1e30


@dataclass(frozen=True, slots=True)
class ChoiceSets:
    """T occasions over J items, households together and in time order within each.

    `shown` (T, J) says what could be chosen; `log_price` (T, J) and `context` (T, J, K) are 0
    elsewhere; `chosen` (T,) is the item taken, NOTHING for none; `household` (T,) numbers 0..H-1
    (-1: never seen); `row_of` (T, J) is the row of the frame (-1: not shown).
    """

    household: IntArray
    shown: BoolArray
    log_price: FloatArray
    context: FloatArray
    chosen: IntArray
    row_of: IntArray

    def starts(self) -> IntArray:
        """Return where each household's run of occasions begins, (runs,)."""
        return np.flatnonzero(np.diff(self.household, prepend=-2) != 0)


def read_choices(
    frame: Frame, features: Sequence[str], items: Coding, households: Coding
) -> ChoiceSets:
    """Return the choice sets of a frame with one row per occasion and item shown.

    Columns: `occasion`, `item`, `price`; optional `household`, `time` (order of occasions),
    `chosen` (1 for what was taken) and the features. Raises ValueError for an item shown twice on
    one occasion, more than one taken, or an item not among `items`.

    >>> frame = {"occasion": [1, 1, 2], "item": ["a", "b", "a"], "price": [2.0, 3.0, 2.0],
    ...          "chosen": [0, 1, 0]}
    >>> sets = read_choices(frame, (), Coding.learn(["a", "b"]), Coding.learn([0]))
    >>> sets.shown.tolist(), sets.chosen.tolist()
    ([[True, True], [True, False]], [1, -1])
    """
    rows = count_rows(frame, "item")
    item = items.encode(frame["item"])
    if (item < 0).any():
        raise ValueError("an item was not in the training choices")
    household = households.encode(read_labels(frame, "household", rows))
    labels, first, occasion = np.unique(
        np.asarray(frame["occasion"]), return_index=True, return_inverse=True
    )
    occasion = occasion.ravel()
    time = read_numbers(frame, "time", rows) if has_column(frame, "time") else occasion
    order = np.lexsort((first, time[first], household[first]))
    place = np.empty(len(labels), dtype=np.int64)
    place[order] = np.arange(len(labels))
    at = (place[occasion], item)
    shape = (len(labels), len(items))
    row_of = np.full(shape, -1, dtype=np.int64)
    row_of[at] = np.arange(rows)
    if (row_of >= 0).sum() != rows:
        raise ValueError("an item is shown twice on one occasion")
    log_price, context = np.zeros(shape), np.zeros((*shape, len(features)))
    log_price[at] = np.log(read_prices(frame, rows))
    context[at] = read_matrix(frame, features, rows)
    taken = np.zeros(shape)
    taken[at] = read_numbers(frame, "chosen", rows, 0.0)
    if (taken.sum(axis=1) > 1).any() or not np.isin(taken, (0.0, 1.0)).all():
        raise ValueError("at most one item can be chosen on an occasion")
    return ChoiceSets(
        household=household[first][order],
        shown=row_of >= 0,
        log_price=log_price,
        context=context,
        chosen=np.where(taken.any(axis=1), taken.argmax(axis=1), NOTHING),
        row_of=row_of,
    )


def with_chosen(frame: Frame, y: Any) -> Frame:
    """Return a frame whose column `chosen` is `y` (n,), the frame itself without one."""
    if y is None:
        return frame
    names = getattr(getattr(frame, "dtype", None), "names", None)
    columns = {name: np.asarray(frame[name]) for name in (names or list(frame))}
    return columns | {"chosen": np.asarray(y, dtype=np.float64)}


def log_prices_at(sets: ChoiceSets, price: Any, rows: int) -> FloatArray:
    """Return log prices (T, J): `price` (one or n, by row) where it is given, else as shown."""
    if price is None:
        return sets.log_price
    asked = np.log(np.broadcast_to(np.asarray(price, dtype=np.float64), (rows,)))
    return np.where(sets.shown, asked[np.maximum(sets.row_of, 0)], 0.0)


def find_loyalty(sets: ChoiceSets, share: FloatArray, memory: float) -> FloatArray:
    """Return recency-weighted loyalty before each occasion (T, J); shares sum to 1 in each row.

        L(next) = memory L + (1 - memory) [chosen],   L(first) = market shares `share` (J,)

    updated by purchases only. Source: Guadagni and Little 1983, Marketing Science 2, 203-238.

    >>> sets = ChoiceSets(np.zeros(2, int), np.ones((2, 2), bool), np.zeros((2, 2)),
    ...     np.zeros((2, 2, 0)), np.array([1, 0]), np.zeros((2, 2), int))
    >>> find_loyalty(sets, np.array([0.5, 0.5]), 0.8)[1].round(3).tolist()
    [0.4, 0.6]
    """
    starts = sets.starts()
    length = np.diff(np.append(starts, len(sets.chosen)))
    loyalty = np.empty(sets.shown.shape)
    state = np.tile(share, (len(starts), 1))
    for step in range(int(length.max(initial=0))):
        alive = length > step
        at = starts[alive] + step
        loyalty[at] = state[alive]
        bought = sets.chosen[at] != NOTHING
        who, what = np.flatnonzero(alive)[bought], sets.chosen[at][bought]
        state[who] *= memory
        state[who, what] += 1.0 - memory
    return loyalty


def market_shares(sets: ChoiceSets) -> FloatArray:
    """Return each item's share of what was chosen (J,), smoothed by one choice each."""
    taken = sets.chosen[sets.chosen != NOTHING]
    counts = np.bincount(taken, minlength=sets.shown.shape[1]) + 1.0
    return np.asarray(counts / counts.sum(), dtype=np.float64)


def choice_chances(utility: FloatArray, shown: BoolArray, *, has_outside: bool) -> FloatArray:
    """Return P (T, J) = exp v_j / ([1 +] sum exp v_k) over what is shown; the 1 is nothing.

    >>> choice_chances(np.zeros((1, 2)), np.array([[True, True]]), has_outside=False).tolist()
    [[0.5, 0.5]]
    """
    hidden = np.where(shown, utility, UNSEEN)
    top = hidden.max(axis=1, keepdims=True)
    if has_outside:
        top = np.maximum(top, 0.0)
    weight = np.exp(hidden - top)
    total = weight.sum(axis=1, keepdims=True)
    if has_outside:
        total = total + np.exp(-top)
    chances: FloatArray = weight / total
    return chances


def log_likelihoods(chances: FloatArray, chosen: IntArray) -> FloatArray:
    """Return the log chance of what happened on each occasion, (T,).

    >>> log_likelihoods(np.array([[0.5, 0.25]]), np.array([NOTHING])).round(4).tolist()
    [-1.3863]
    """
    own = chances[np.arange(len(chosen)), np.maximum(chosen, 0)]
    nothing = 1.0 - chances.sum(axis=1)
    happened: FloatArray = np.where(chosen == NOTHING, nothing, own)
    return np.log(np.maximum(happened, 1e-300))
