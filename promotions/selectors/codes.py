"""Codes by the thousand, read in a stream."""

from __future__ import annotations

from collections.abc import Iterator

from promotions.models import Coupon
from shop.kernel.sheets import sheet_lines

CHUNK = 5_000
HEADER = ("code", "max_redemptions", "per_shopper_limit", "redeemed", "is_active")


def stream_codes(*, batch_id: int) -> Iterator[str]:
    """Yield the lines of a CSV file of a batch's codes. One query with a cursor of the server."""
    rows = Coupon.objects.filter(batch_id=batch_id).order_by("pk").values_list(*HEADER)
    yield from sheet_lines([HEADER])
    yield from sheet_lines(rows.iterator(chunk_size=CHUNK))
