"""Recency, frequency and value of shoppers' orders as columns, in one statement."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from orders.reports.selectors.recorded_orders import GONE
from shop.ground.database.packed import Packed, fetch_packed

_SOURCE = """
FROM (
    SELECT shopper_id, extract(epoch FROM max(placed_at))::float8 AS last_at{sums}
    FROM orders_order
    WHERE shopper_id IS NOT NULL AND placed_at <= %(now)s AND status <> ALL(%(gone)s)
    GROUP BY shopper_id
) AS placed
"""


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
    sums = {f"count_{days}": ("count(*)", "true", days) for days in counted}
    of_money = "coalesce(sum(total_minor - refunded_minor)"
    sums |= {f"spent_{days}": (of_money, "currency = %(currency)s", days) for days in summed}
    columns = [
        Packed("shopper", ">i8", "int8send(shopper_id)"),
        Packed("last", ">f8", "float8send(last_at)"),
        *(Packed(name, ">i8", f"int8send({name}::int8)") for name in sums),
    ]
    asked = "".join(f", {_sum_up(name, *said)}" for name, said in sums.items())
    parameters = {
        **{f"since_{days}": now - timedelta(days=days) for days in {*counted, *summed}},
        "now": now,
        "gone": [str(one) for one in GONE],
        "currency": currency,
    }
    rows = fetch_packed(columns, _SOURCE.format(sums=asked), parameters)
    at = np.minimum(np.searchsorted(shopper_id, rows["shopper"]), max(len(shopper_id) - 1, 0))
    known = shopper_id[at] == rows["shopper"] if len(shopper_id) else np.zeros(0, np.bool_)
    at, rows = at[known], rows[known]
    last_at = np.full(len(shopper_id), np.nan)
    last_at[at] = rows["last"]

    def place(name: str) -> NDArray[np.int64]:
        found = np.zeros(len(shopper_id), dtype=np.int64)
        found[at] = rows[name]
        return found

    counts = {days: place(f"count_{days}") for days in counted}
    return OrderColumns(last_at, counts, {days: place(f"spent_{days}") for days in summed})


def _sum_up(name: str, what: str, asked: str, days: int) -> str:
    """Return the SQL of one sum over a window."""
    filtered = f"FILTER (WHERE placed_at > %(since_{days})s AND {asked})"
    return f"{what} {filtered}{', 0)' if what.startswith('coalesce') else ''} AS {name}"
