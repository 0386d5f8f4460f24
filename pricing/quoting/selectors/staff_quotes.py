"""Read the chances a quote was drawn with, for the quote inspector."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from pricing.quoting.selectors.quotes import load_row


@dataclass(frozen=True, slots=True)
class QuotePropensities:
    """What could have been shown and how likely: (minor units, chance), highest price first.

    Empty for quotes from before prices were drawn and for public ones. `stock` and
    `competitor_minor` are None where unknown.
    """

    rungs: tuple[tuple[int, float], ...]
    segment: str
    stock: int | None
    competitor_minor: int | None


def read_chances(quote_id: UUID) -> QuotePropensities:
    """Return the feasible prices of a quote and their chances. One query. Raises QuoteNotFound."""
    row = load_row(quote_id)
    prices, chances = row.get("rung_minors") or (), row.get("rung_probabilities") or ()
    return QuotePropensities(
        rungs=tuple(zip(prices, chances, strict=True)),
        segment=row.get("segment") or "",
        stock=row.get("stock"),
        competitor_minor=row.get("competitor_minor"),
    )
