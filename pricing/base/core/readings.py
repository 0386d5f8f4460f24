"""Values that selectors return to staff pages and other rooms: histories, curves, versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from pricing.base.core.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class PublicPrices:
    """Current public prices of a market's channel as parallel arrays (m,), sorted by variant id."""

    variant_id: IntArray
    list_minor: IntArray
    public_minor: IntArray
    version: int


@dataclass(frozen=True, slots=True)
class PricePoint:
    """One entry of a price history; holds from `valid_from` to the next point of its kind."""

    kind: str
    amount_minor: int
    valid_from: datetime
    source: str


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One price for bulk loading into the ledger."""

    variant_id: int
    kind: Literal["list", "public"]
    amount_minor: int
    valid_from: datetime


@dataclass(frozen=True, slots=True)
class DemandCurve:
    """Expected weekly units over a price grid, with a posterior band, and the observed weeks.

    Arrays over the grid: `price_minor`, `mean`, `low`, `high` (90 % band), `profit_minor`;
    over observed weeks: `seen_price_minor`, `seen_units`. `is_causal` False is the
    "observational" badge.
    """

    variant_id: int
    elasticity: float
    elasticity_sd: float
    is_causal: bool
    current_minor: int
    suggested_minor: int
    price_minor: IntArray
    mean: FloatArray
    low: FloatArray
    high: FloatArray
    profit_minor: FloatArray
    seen_price_minor: FloatArray
    seen_units: FloatArray


@dataclass(frozen=True, slots=True)
class ModelVersionRow:
    """A model version as staff see it."""

    id: int
    kind: str
    status: str
    trained_at: datetime
    window_start: date
    window_end: date
    rows: int
    metrics: Mapping[str, Any] = field(default_factory=dict)
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class SwitchRow:
    """A kill switch that is on."""

    scope: str
    key: str
    reason: str
    at: datetime
