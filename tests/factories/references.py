"""The legal references of some variants, put together as a draft of prices puts them together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pricing.base.core.reference import (
    PriceSeries,
    Reductions,
    References,
    find_reductions,
    find_references,
    list_share,
)
from pricing.base.core.values import FloatArray, IntArray
from pricing.ledger.selectors.references import load_paid, load_series, lower_by_offers


@dataclass(frozen=True, slots=True)
class FoundReferences:
    """References of m variants by strategy, the running reductions, and the list-price gauge."""

    by_strategy: Mapping[str, References]
    reductions: Reductions
    list_share: FloatArray
    series: PriceSeries


def load_references(
    *, variant_id: IntArray, list_minor: IntArray, now: datetime, place: tuple[str, str]
) -> FoundReferences:
    """Return the legal references of variants (ascending ids) at `now`. Three queries."""
    series = load_series(variant_id=variant_id, now=now, place=place)
    paid = load_paid(variant_id=variant_id, now=now, market=place[0])
    offered = lower_by_offers(series, variant_id, market=place[0], now=now)
    second = int(now.timestamp())
    return FoundReferences(
        by_strategy=find_references(series, paid, list_minor, second, offered),
        reductions=find_reductions(series, second),
        list_share=list_share(paid, list_minor, second),
        series=series,
    )
