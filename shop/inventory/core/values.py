"""What crosses from and to inventory."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StockLine:
    """`quantity` pieces of a variant."""

    variant_id: int
    quantity: int
