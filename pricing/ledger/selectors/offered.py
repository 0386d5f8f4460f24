"""Public promotions in the price history, as promotions recorded them."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from pricing.base.core.arrays import BoolArray, IntArray
from pricing.base.core.impressions import HOUR_MS
from pricing.base.core.reference import PriceSeries
from pricing.ledger.core.offered import OfferedCut, lower_series
from pricing.ledger.models.cuts import PublicCut

_PACKED = np.dtype("<i8")


def list_cuts(market: str, now: datetime) -> list[OfferedCut]:
    """Return the cuts of one piece that anybody in a market could get up to `now`. One query."""
    rows = PublicCut.objects.filter(market_code__in=["", market], starts_at__lt=now)
    return [
        OfferedCut(
            variant_id=np.frombuffer(row.variant_ids, dtype=_PACKED),
            starts=int(row.starts_at.timestamp()),
            ends=int(min(row.ends_at, now).timestamp()),
            percent=row.percent,
            amount_minor=row.amount_minor,
            price_minor=row.price_minor,
            group=row.stacking_group,
            is_alone=row.is_alone,
        )
        for row in rows
    ]


def pack_ids(variant_id: IntArray) -> bytes:
    """Return ids of variants as `PublicCut` stores them."""
    return variant_id.astype(_PACKED).tobytes()


def lower_by_offers(
    series: PriceSeries, variant_id: IntArray, *, market: str, now: datetime
) -> PriceSeries:
    """Return the ledger as anybody could buy, public offers included. One query.

    Goods that no offer ever lowered keep their history: of many goods mostly most.
    """
    cuts = list_cuts(market, now)
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


def find_offered_hours(
    variant_id: IntArray, hour_ms: IntArray, *, market: str, now: datetime
) -> BoolArray:
    """Return whether an offer that was open to everybody could lower the price of a variant within
    an hour, (n,). One query.

    What is logged of a page is its price before offers; in such an hour cards showed another one.
    """
    is_lowered = np.zeros(len(variant_id), dtype=np.bool_)
    if not len(variant_id):
        return is_lowered
    for cut in list_cuts(market, now):
        is_then = (hour_ms < cut.ends * 1_000) & (hour_ms + HOUR_MS > cut.starts * 1_000)
        is_lowered |= is_then & np.isin(variant_id, cut.variant_id)
    return is_lowered


def _offsets(counts: IntArray) -> IntArray:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
