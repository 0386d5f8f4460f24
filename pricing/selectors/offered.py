"""Public offers of the room above, as cuts in the price history: told from there, read here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np

from pricing.core.arrays import IntArray
from pricing.core.offered import OfferedCut, lower_series
from pricing.core.reference import PriceSeries

ListCuts = Callable[[str, datetime], Sequence[OfferedCut]]

_tellers: list[ListCuts] = []


def tell_public_offers(list_cuts: ListCuts) -> None:
    """Register who knows the cuts that were open to everybody in a market up to a moment.

    Called once by the composition layer: pricing knows nobody above it.
    """
    _tellers[:] = [list_cuts]


def lower_by_offers(
    series: PriceSeries, variant_id: IntArray, *, market: str, now: datetime
) -> PriceSeries:
    """Return the ledger as anybody could buy, public offers included. The teller's queries.

    Goods that no offer ever lowered keep their history: of many goods mostly most.
    """
    cuts = [cut for list_cuts in _tellers for cut in list_cuts(market, now)]
    is_cut = np.zeros(len(variant_id), dtype=np.bool_)
    for cut in cuts:
        is_cut |= np.isin(variant_id, cut.variant_id)
    if not is_cut.any():
        return series
    rows = np.repeat(is_cut, np.diff(series.offsets))
    counts = np.diff(series.offsets)
    part = PriceSeries(_offsets(counts[is_cut]), series.start[rows], series.amount[rows])
    lowered = lower_series(part, variant_id[is_cut], cuts)
    counts[is_cut] = np.diff(lowered.offsets)
    own = np.repeat(is_cut, counts)
    start, amount = (np.empty(len(own), dtype=np.int64) for _ in range(2))
    start[own], amount[own] = lowered.start, lowered.amount
    start[~own], amount[~own] = series.start[~rows], series.amount[~rows]
    return PriceSeries(_offsets(counts), start, amount)


def _offsets(counts: IntArray) -> IntArray:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
