"""Conversion of shown prices and sales to impressions for the choice model.

A decision is a page of one shopper: its products of a category are a set, seen once. Looks at
public prices are counted by the hour: sets of products that pages showed together are seen as often
as they were, and what is left of a good's looks is that good alone. Nobody is named in either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from pricing.base.core.impressions import HOUR_MS
from pricing.base.core.values import BoolArray, FloatArray, IntArray
from pricing.demand.core.choice import Columns, Impressions
from pricing.optimum.core.signals import (
    RAW_SIGNALS,
    SIGNALS,
    ShopperSignals,
    SignalWeights,
    saturate,
    strengths,
)

# Whose price was decided, the holdout included: chance alone tells it from the others.
DECIDED = "decided"
_PAIRS = tuple(combinations(RAW_SIGNALS, 2))
COLUMNS = Columns(
    shopper=(DECIDED,),
    goods=(*RAW_SIGNALS, *(f"{one}*{other}" for one, other in _PAIRS)),
    public=(DECIDED,),
    response=SIGNALS,
)
DAY_MS = 24 * HOUR_MS
# A competitor's gap is told in steps: equal sets of a day are added up.
RIVAL_STEP = 0.02
# Older than this tells of other tastes; beyond so many rows the oldest are let go.
HISTORY_DAYS = 180.0
MOST_DECIDED, MOST_PUBLIC = 200_000, 400_000
_FULL = SignalWeights(**dict.fromkeys(SIGNALS, 1.0))


@dataclass(frozen=True, slots=True)
class ShownRows:
    """n prices that were shown, arrays (n,): of which good, where it stands in the catalogue, when,
    at which price beside its anchor, beside which lowest competitor (NaN where none was known),
    what chance did to the log of the price (NaN where it could do nothing), how often it was seen
    and bought. `share` is how much of its purchases would have come by now: 1 once it is over."""

    variant_id: IntArray
    category_id: IntArray
    family_id: IntArray
    at_ms: IntArray
    price_minor: IntArray
    anchor_minor: IntArray
    competitor_minor: FloatArray
    moved: FloatArray
    seen: FloatArray
    bought: FloatArray
    share: FloatArray

    def __len__(self) -> int:
        return len(self.variant_id)

    def take(self, where: BoolArray | IntArray) -> ShownRows:
        """Return the rows at positions or where a mask says so."""
        return ShownRows(*(getattr(self, name)[where] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class SetRows:
    """Goods that pages showed together: k members, arrays (k,): of which set, in which hour and
    book, which good, and on how many pages."""

    set_id: IntArray
    hour_ms: IntArray
    book_version: IntArray
    variant_id: IntArray
    pages: FloatArray


def find_moved(shown_minor: IntArray, rung_minor: IntArray, probability: FloatArray) -> FloatArray:
    """Return what chance did to the log of each price (n,): its log less the mean over the prices
    `rung_minor` (n, R; 0 where there is none) that could have been shown; NaN where it was certain.

    >>> rungs, half = np.array([[400, 360]]), np.array([[0.5, 0.5]])
    >>> find_moved(np.array([360]), rungs, half).round(4).tolist()
    [-0.0527]
    """
    logs = np.log(np.where(rung_minor > 0, rung_minor, 1))
    could = (probability > 0.0) & (rung_minor > 0)
    lowest = np.where(could, rung_minor, np.iinfo(np.int64).max).min(axis=1, initial=2**62)
    highest = np.where(could, rung_minor, 0).max(axis=1, initial=0)
    moved = np.log(shown_minor) - (logs * probability).sum(axis=1)
    return np.where(lowest < highest, moved, np.nan)


def read_decided(rows: ShownRows, page: IntArray, signals: ShopperSignals) -> Impressions:
    """Return decisions as impressions: products of one `page` (n,) and category are a set;
    `signals` are (1, n).

    Whoever took two products of a set came twice.
    """
    if not len(rows):
        return Impressions.nothing(COLUMNS)
    named = np.stack([page, rows.category_id, rows.variant_id], axis=1)
    _, once = np.unique(named, axis=0, return_index=True)
    set_id = np.unique(named[once, :2], axis=0, return_inverse=True)[1].ravel()
    products, response = describe(signals)
    told = rows.take(once)
    return _arrange(told, set_id, told.share, (products[once], response[once]), decided=1.0)


def describe(signals: ShopperSignals) -> tuple[FloatArray, FloatArray]:
    """Return the level columns (n, 21) and the response columns (n, 5) of signals (1, n).

    Of the level each sum counts as s / (s + k), and so do their products; of the response what
    `strengths` makes of them at a weight of 1: numbers that only grow with what a shopper does.
    """
    usual = SignalWeights()
    filled = [
        saturate(getattr(signals, name)[0], getattr(usual, f"{name}_scale")) for name in RAW_SIGNALS
    ]
    level = dict(zip(RAW_SIGNALS, filled, strict=True))
    products = [level[one] * level[other] for one, other in _PAIRS]
    full = strengths(signals, _FULL)
    return np.stack([*filled, *products], axis=1), np.stack([full[n][0] for n in SIGNALS], axis=1)


def read_public(rows: ShownRows, book_version: IntArray, sets: SetRows) -> Impressions:
    """Return counted looks as impressions: rows by variant, hour and book (n,), in the sets that
    pages showed. What a good sold in an hour is its sets' in proportion to their pages.
    """
    if not len(rows):
        return Impressions.nothing(COLUMNS)
    row, member = _match(rows, book_version, sets)
    inside = np.bincount(row, sets.pages[member], len(rows))
    whole = np.maximum(rows.seen, inside)
    alone = np.flatnonzero(rows.seen > inside)
    at = np.concatenate([row, alone])
    pages = np.concatenate([sets.pages[member], (rows.seen - inside)[alone]])
    first = int(sets.set_id.max(initial=-1)) + 1
    set_id = np.concatenate([sets.set_id[member], first + np.arange(len(alone))])
    parts = rows.take(at)
    parts = replace(parts, seen=pages, bought=(rows.bought / np.maximum(whole, 1e-9))[at] * pages)
    none = np.zeros((len(at), len(COLUMNS.goods)))
    nobody = none, np.zeros((len(at), len(SIGNALS)))
    return _arrange(parts, set_id, pages * parts.share, nobody, decided=0.0)


def _match(rows: ShownRows, book_version: IntArray, sets: SetRows) -> tuple[IntArray, IntArray]:
    """Return for each member of a set that was counted its row, and the member."""
    hour = rows.at_ms // HOUR_MS
    own = np.stack([hour, book_version, rows.variant_id], axis=1)
    theirs = np.stack([sets.hour_ms // HOUR_MS, sets.book_version, sets.variant_id], axis=1)
    _, key = np.unique(np.concatenate([own, theirs]), axis=0, return_inverse=True)
    key = key.ravel()
    where = np.full(int(key.max()) + 1, -1)
    where[key[: len(rows)]] = np.arange(len(rows))
    found = where[key[len(rows) :]]
    member = np.flatnonzero(found >= 0)
    return found[member], member


def _arrange(
    rows: ShownRows,
    set_id: IntArray,
    visits: FloatArray,
    columns: tuple[FloatArray, FloatArray],
    *,
    decided: float,
) -> Impressions:
    """Return rows, seen by so many `visits`, as sets; `columns`: products and response."""
    _, place = np.unique(set_id, return_inverse=True)
    taken = np.bincount(place, rows.bought)[place]
    anchor = rows.anchor_minor.astype(np.float64)
    column = np.full((len(rows), 1), decided)
    return Impressions.of(
        set_id=set_id,
        item=rows.variant_id,
        category=rows.category_id,
        family=rows.family_id,
        log_price=np.log(rows.price_minor / anchor),
        bought=rows.bought,
        columns=COLUMNS,
        weight=np.maximum(visits, taken),
        day=rows.at_ms // DAY_MS,
        shopper=column,
        public=column,
        rival=np.round(np.log(rows.competitor_minor / anchor) / RIVAL_STEP) * RIVAL_STEP,
        moved=rows.moved,
        goods=columns[0],
        response=columns[1],
    ).condense()


def forget_products(seen: Impressions, variant_id: IntArray) -> Impressions:
    """Return the impressions without some products."""
    return take_rows(seen, ~np.isin(seen.item, variant_id))


def find_reset(before: Mapping[int, int], told: Mapping[int, int]) -> IntArray:
    """Return the products whose anchor, by variant, is told to be another one than `before`, (k,).

    >>> find_reset({7: 400, 8: 300}, {7: 380, 8: 300, 9: 200}).tolist()
    [7]
    """
    moved = [one for one, anchor in told.items() if before.get(one, anchor) != anchor]
    return np.array(moved, dtype=np.int64)


def forget_old(seen: Impressions, day: float, most: int) -> Impressions:
    """Return the impressions of HISTORY_DAYS before `day`, about the newest `most` rows."""
    kept = seen.take_sets(seen.day > day - HISTORY_DAYS)
    if len(kept) <= most:
        return kept
    days = kept.day[kept.set_of]
    oldest = np.sort(days)[len(days) - most]
    return kept.take_sets(kept.day >= oldest)


def place_in_catalogue(
    seen: Impressions, variant_id: IntArray, category_id: IntArray, family_id: IntArray
) -> Impressions:
    """Return the impressions of products that are among `variant_id` (m,), ascending, in their
    categories and families of now."""
    if not len(variant_id):
        return Impressions.nothing(seen.columns)
    at = np.minimum(np.searchsorted(variant_id, seen.item), len(variant_id) - 1)
    kept = variant_id[at] == seen.item
    found = at[kept]
    return replace(take_rows(seen, kept), category=category_id[found], family=family_id[found])


def take_rows(seen: Impressions, kept: BoolArray) -> Impressions:
    """Return the impressions of some rows; a set of which nothing is left goes, too."""
    left = np.zeros(seen.sets, dtype=np.bool_)
    left[seen.set_of[kept]] = True
    rank = np.cumsum(left) - 1
    return seen.reorder(np.flatnonzero(left), np.flatnonzero(kept), rank)
