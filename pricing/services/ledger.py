"""Write the price ledger."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pricing.core.values import LedgerRow


def load_ledger_bulk(
    *,
    rows: Iterable[LedgerRow],
    market: str = "us",
    channel: str = "online",
    source: str = "import",
) -> int:
    """COPY price history into the ledger; known moments are left as they are. Return new rows.

    Afterwards PublicPrice holds the newest list and public price of each variant touched.
    """
    raise NotImplementedError


def record_list_prices(
    *, prices: dict[int, int], now: datetime, market: str = "us", channel: str = "online"
) -> int:
    """Record list prices (minor units by variant id) set by the merchant; return changes."""
    raise NotImplementedError
