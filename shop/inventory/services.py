"""Reserve, commit, release, receive and return stock. Rows are locked in (location, variant) order.

Global lock order: stock before coupon before budget before order.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shop.inventory.core.values import StockLine
from shop.kernel.errors import FairtagError

ONLINE = "online"


class OutOfStock(FairtagError):
    """Less is available than was asked; `detail["available"]` maps variant id (text) to pieces."""

    code = "out_of_stock"


def reserve_stock(
    *, holder: str, lines: Sequence[StockLine], expires_at: datetime, location: str = ONLINE
) -> None:
    """Hold all `lines` for `holder` until `expires_at`, or nothing.

    Repeating with the same holder replaces its hold, so a retry is harmless. Raises OutOfStock.
    """
    raise NotImplementedError


def release_reservation(*, holder: str) -> None:
    """Give back what `holder` holds; nothing to give back is fine."""
    raise NotImplementedError


def commit_reservation(*, holder: str, reference: str, now: datetime) -> None:
    """Turn what `holder` holds into a sale noted with `reference`. Twice is once."""
    raise NotImplementedError


def expire_reservations(*, now: datetime, limit: int = 500) -> int:
    """Release up to `limit` holders whose hold ended before `now`; return how many rows."""
    raise NotImplementedError


def receive_stock(
    *, lines: Sequence[StockLine], reference: str, now: datetime, location: str = ONLINE
) -> None:
    """Add delivered pieces."""
    raise NotImplementedError


def return_stock(
    *, lines: Sequence[StockLine], reference: str, now: datetime, location: str = ONLINE
) -> None:
    """Put returned pieces back on the shelf."""
    raise NotImplementedError


def adjust_stock(
    *, variant_id: int, on_hand: int, reference: str, now: datetime, location: str = ONLINE
) -> None:
    """Set what a count found. Raises OutOfStock when more than that is reserved."""
    raise NotImplementedError
