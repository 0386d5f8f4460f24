"""What shoppers ordered, as columns: recency, frequency and value in one statement."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db.models import Count, F, Max, Q, Sum
from numpy.typing import NDArray

from orders.models import Order
from orders.selectors.recorded import GONE


@dataclass(frozen=True, slots=True)
class OrderColumns:
    """Aligned with the shoppers asked for: last order in seconds (nan: none), sums by window."""

    last_at: NDArray[np.float64]
    counts: dict[int, NDArray[np.int64]]
    spent: dict[int, NDArray[np.int64]]


def load_order_columns(
    *,
    shopper_id: NDArray[np.int64],
    counted: Collection[int],
    summed: Collection[int],
    currency: str,
    now: datetime,
) -> OrderColumns:
    """Return what the shoppers (ascending ids) ordered up to `now`. One query.

    `counted` and `summed` are windows in days, as conditions on orders and on spending ask.
    """
    paid = F("total_minor") - F("refunded_minor")
    since = {days: Q(placed_at__gt=now - timedelta(days=days)) for days in {*counted, *summed}}
    wanted = {
        **{f"count_{days}": Count("pk", since[days]) for days in counted},
        **{
            f"spent_{days}": Sum(paid, filter=since[days] & Q(currency=currency)) for days in summed
        },
    }
    placed = Order.objects.filter(shopper_id__isnull=False, placed_at__lte=now)
    rows: Any = placed.exclude(status__in=GONE).order_by().values("shopper_id")
    found = rows.annotate(last_at=Max("placed_at"), **wanted)
    n = len(shopper_id)
    last_at = np.full(n, np.nan)
    counts = {days: np.zeros(n, dtype=np.int64) for days in counted}
    spent = {days: np.zeros(n, dtype=np.int64) for days in summed}
    for row in found.iterator(chunk_size=10_000):
        at = int(np.searchsorted(shopper_id, row["shopper_id"]))
        if at < n and shopper_id[at] == row["shopper_id"]:
            last_at[at] = row["last_at"].timestamp()
            for days in counted:
                counts[days][at] = row[f"count_{days}"]
            for days in summed:
                spent[days][at] = row[f"spent_{days}"] or 0
    return OrderColumns(last_at, counts, spent)
