"""Values exchanged with inventory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class StockLine:
    """`quantity` pieces of a variant."""

    variant_id: int
    quantity: int


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """The day on which pieces of a variant come again; None where it is no longer known."""

    variant_id: int
    day: date | None
