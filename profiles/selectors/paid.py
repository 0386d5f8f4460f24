"""What was really paid, by variant and day: the basis of lawful "was" prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from profiles.selectors.packed import Packed, fetch_packed

_COLUMNS = (
    Packed("variant", ">i8", "int8send(variant_id)"),
    Packed("day", ">i8", "int8send(day)"),
    Packed("minor", ">i8", "int8send(minor)"),
    Packed("units", ">i8", "int8send(units)"),
)
_SOURCE = """
FROM (
    SELECT variant_id,
        extract(epoch FROM date_trunc('day', occurred_at, %(zone)s))::int8 AS day,
        round(paid_minor::numeric / quantity)::int8 AS minor, sum(quantity)::int8 AS units
    FROM profiles_event
    WHERE kind = 'purchase' AND occurred_at >= %(since)s AND occurred_at < %(until)s
        AND quantity > 0 AND paid_minor > 0
        AND (%(variants)s::int8[] IS NULL OR variant_id = ANY(%(variants)s))
    GROUP BY 1, 2, 3
) paid
"""


@dataclass(frozen=True, slots=True)
class PaidPrices:
    """Units sold by variant, local day and price per piece, as parallel arrays (n,).

    `day_start` is the Unix time of the day's midnight in BUSINESS_TIME_ZONE; `unit_minor` is what
    one piece cost after all discounts, rounded half up.
    """

    variant_id: NDArray[np.int64]
    day_start: NDArray[np.int64]
    unit_minor: NDArray[np.int64]
    units: NDArray[np.int64]


def load_paid_prices(
    *, since: datetime, until: datetime, variant_ids: Sequence[int] | None = None
) -> PaidPrices:
    """Return what was paid in `[since, until)`, for some variants or all. No order; one query."""
    parameters = {
        "zone": settings.BUSINESS_TIME_ZONE,
        "since": since,
        "until": until,
        "variants": None if variant_ids is None else list(variant_ids),
    }
    rows = fetch_packed(_COLUMNS, _SOURCE, parameters)
    return PaidPrices(
        variant_id=rows["variant"].astype(np.int64),
        day_start=rows["day"].astype(np.int64),
        unit_minor=rows["minor"].astype(np.int64),
        units=rows["units"].astype(np.int64),
    )
