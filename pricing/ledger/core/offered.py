"""The price anybody could get: the public price, less the offers that were open to everybody.

An announced reduction is measured by the lowest price that was offered (Directive 98/6/EC Art.
6a), and a public offer is one. Times are seconds since 1970, amounts minor units, m variants.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pricing.base.core.arrays import BoolArray, IntArray
from pricing.base.core.reference import PriceSeries

_SHIFT = 33


@dataclass(frozen=True, slots=True)
class OfferedCut:
    """A cut on one piece of each of `variant_id` from `starts` until `ends`, open to everybody.

    One of `percent`, `amount_minor` and `price_minor`, a piece's price. Of the cuts of one `group`
    the deepest counts; cuts of group "" come on top of each other; `is_alone`: never with another
    one.
    """

    variant_id: IntArray
    starts: int
    ends: int
    percent: float | None = None
    amount_minor: int | None = None
    group: str = ""
    is_alone: bool = False
    price_minor: int | None = None


def lower_series(
    series: PriceSeries, variant_id: IntArray, cuts: Sequence[OfferedCut]
) -> PriceSeries:
    """Return the ledger of m variants (ascending ids) as anybody could buy under `cuts`.

    Floors are not known of the past: where one stopped a cut, this is lower than what was paid,
    which is the strict side.

    >>> series = PriceSeries(np.array([0, 1]), np.array([0]), np.array([1_000]))
    >>> cut = OfferedCut(np.array([7]), starts=50, ends=60, percent=10.0)
    >>> lowered = lower_series(series, np.array([7]), [cut])
    >>> lowered.start.tolist(), lowered.amount.tolist()
    ([0, 50, 60], [1000, 900, 1000])
    """
    if not len(series.start) or not any(np.isin(c.variant_id, variant_id).any() for c in cuts):
        return series
    opened = _open_rows(series, variant_id, cuts)
    owner = np.repeat(np.arange(len(variant_id)), np.diff(opened.offsets))
    active = [_is_active(cut, opened, variant_id[owner]) for cut in cuts]
    amount = opened.amount
    # Of all cuts, near or not: a share and an amount do not commute, so the place of a group must
    # depend neither on which of its cuts run nor on which other variants are asked for.
    groups: dict[str, list[int]] = {}
    for at, cut in enumerate(cuts):
        if not cut.is_alone:
            groups.setdefault(cut.group or f"alone {at}", []).append(at)
    stacked = amount
    for members in groups.values():
        lowered = [np.where(active[at], _cut(cuts[at], stacked), stacked) for at in members]
        stacked = np.minimum.reduce(lowered)
    for at, cut in enumerate(cuts):
        if cut.is_alone:
            stacked = np.minimum(stacked, np.where(active[at], _cut(cut, amount), amount))
    return PriceSeries(offsets=opened.offsets, start=opened.start, amount=stacked)


def append_prices(series: PriceSeries, where: BoolArray, at: int, amount: IntArray) -> PriceSeries:
    """Return the ledger with one more entry for each variant in `where`, (m,).

    >>> series = PriceSeries(np.array([0, 1]), np.array([0]), np.array([400]))
    >>> append_prices(series, np.array([True]), 50, np.array([380])).amount.tolist()
    [400, 380]
    """
    if not where.any():
        return series
    rows = np.flatnonzero(where)
    ends = series.offsets[1:][rows]
    grown = np.cumsum(where.astype(np.int64))
    return PriceSeries(
        offsets=series.offsets + np.concatenate([[0], grown]),
        start=np.insert(series.start, ends, at),
        amount=np.insert(series.amount, ends, amount[rows]),
    )


def _open_rows(
    series: PriceSeries, variant_id: IntArray, cuts: Sequence[OfferedCut]
) -> PriceSeries:
    """Return the ledger with a row wherever a cut begins or ends, at the price that held then."""
    owner = np.repeat(np.arange(len(variant_id), dtype=np.int64), np.diff(series.offsets))
    keys = (owner << _SHIFT) + series.start
    wanted = [keys]
    for cut in cuts:
        at = np.flatnonzero(np.isin(variant_id, cut.variant_id)).astype(np.int64)
        wanted += [(at << _SHIFT) + max(cut.starts, 0), (at << _SHIFT) + max(cut.ends, 0)]
    opened = np.unique(np.concatenate(wanted))
    row = np.searchsorted(keys, opened, side="right") - 1
    # Before a variant's first price there is nothing to cut.
    holds = (row >= 0) & (keys[np.maximum(row, 0)] >> _SHIFT == opened >> _SHIFT)
    opened, row = opened[holds], row[holds]
    counts = np.bincount(opened >> _SHIFT, minlength=len(variant_id))
    return PriceSeries(
        offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        start=opened & ((1 << _SHIFT) - 1),
        amount=series.amount[row],
    )


def _is_active(cut: OfferedCut, series: PriceSeries, owner_id: IntArray) -> BoolArray:
    inside: BoolArray = (series.start >= cut.starts) & (series.start < cut.ends)
    return inside & np.isin(owner_id, cut.variant_id)


def _cut(cut: OfferedCut, amount: IntArray) -> IntArray:
    """Return prices after one cut, rounded half up at the line as the evaluator does."""
    if cut.percent is not None:
        off = np.floor(amount * (cut.percent / 100.0) + 0.5).astype(np.int64)
        lowered: IntArray = amount - off
        return lowered
    if cut.price_minor is not None:
        return np.minimum(amount, cut.price_minor)
    return np.maximum(amount - (cut.amount_minor or 0), 0)
