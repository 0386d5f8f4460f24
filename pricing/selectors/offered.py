"""Public offers of the room above, as cuts in the price history: told from there, read here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

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
    """Return the ledger as anybody could buy, public offers included. The teller's queries."""
    cuts = [cut for list_cuts in _tellers for cut in list_cuts(market, now)]
    return lower_series(series, variant_id, cuts)
