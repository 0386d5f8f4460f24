"""Outcomes of quotes (bought, returned, paid) from purchase and return events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from shop.ground.database.packed import Packed, fetch_packed

QUOTE_ID = np.dtype([("high", "<u8"), ("low", "<u8")])

_COLUMNS = (
    Packed("quote", "(2,)>u8", "uuid_send(quote_id)"),
    Packed("purchases", ">i8", "int8send(purchases)"),
    Packed("first", ">i8", "int8send(first)"),
    Packed("units", ">i8", "int8send(units)"),
    Packed("paid", ">i8", "int8send(paid)"),
    Packed("returned", ">i8", "int8send(returned)"),
    Packed("refunded", ">i8", "int8send(refunded)"),
)
_SOURCE = """
FROM (
    SELECT quote_id,
        count(*) FILTER (WHERE kind = 'purchase') AS purchases,
        coalesce(
            extract(epoch FROM min(occurred_at) FILTER (WHERE kind = 'purchase')) * 1000, 0
        )::int8 AS first,
        coalesce(sum(quantity) FILTER (WHERE kind = 'purchase'), 0)::int8 AS units,
        coalesce(sum(paid_minor) FILTER (WHERE kind = 'purchase'), 0)::int8 AS paid,
        coalesce(sum(quantity) FILTER (WHERE kind = 'return'), 0)::int8 AS returned,
        coalesce(sum(paid_minor) FILTER (WHERE kind = 'return'), 0)::int8 AS refunded
    FROM profiles_event
    WHERE kind IN ('purchase', 'return')
        AND occurred_at >= %(since)s AND occurred_at < %(until)s
        AND quote_id IS NOT NULL {quotes}
    GROUP BY quote_id
) outcomes
"""


@dataclass(frozen=True, slots=True)
class QuoteOutcomes:
    """Outcomes of quotes as parallel arrays (n,), ascending by `quote_id` (dtype QUOTE_ID).

    `purchases` are order lines, `first_ms` is when the first of them was bought (0: none).
    `paid_minor` is what the goods cost after all offers, `refunded_minor` what went back for
    `returned_units` of the `units`.
    """

    quote_id: NDArray[np.void]
    purchases: NDArray[np.int64]
    first_ms: NDArray[np.int64]
    units: NDArray[np.int64]
    paid_minor: NDArray[np.int64]
    returned_units: NDArray[np.int64]
    refunded_minor: NDArray[np.int64]


def load_quote_outcomes(
    *,
    since: datetime,
    until: datetime,
    quote_ids: Sequence[UUID] | None = None,
) -> QuoteOutcomes:
    """Return what was bought and returned in `[since, until)` by quote, of `quote_ids` only if any
    are named. One query."""
    source = _SOURCE.format(quotes="" if quote_ids is None else "AND quote_id = ANY(%(quotes)s)")
    named = {} if quote_ids is None else {"quotes": list(quote_ids)}
    rows = fetch_packed(_COLUMNS, source, {"since": since, "until": until, **named})
    ids = np.empty(len(rows), dtype=QUOTE_ID)
    ids["high"], ids["low"] = rows["quote"][:, 0], rows["quote"][:, 1]
    order = np.argsort(ids, order=("high", "low"))

    def column(name: str) -> NDArray[np.int64]:
        return rows[name].astype(np.int64)[order]

    return QuoteOutcomes(
        quote_id=ids[order],
        purchases=column("purchases"),
        first_ms=column("first"),
        units=column("units"),
        paid_minor=column("paid"),
        returned_units=column("returned"),
        refunded_minor=column("refunded"),
    )
