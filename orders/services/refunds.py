"""Give money back, to the cent of what each unit cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from orders.core.values import OrderView


def refund_order(
    *,
    order_id: int,
    lines: Sequence[tuple[int, int]],
    reason: str,
    restock: bool,
    idempotency_key: str,
    now: datetime,
    language: str = "en",
) -> OrderView:
    """Refund (line id, quantity) pairs of a paid order at each unit's frozen share.

    Never more than was paid. Raises OrderRefused, PaymentRefused.
    """
    raise NotImplementedError
