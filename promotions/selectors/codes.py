"""Codes by the thousand, read in a stream."""

from __future__ import annotations

from collections.abc import Iterator

from promotions.models import Coupon

CHUNK = 5_000
HEADER = ("code", "max_redemptions", "per_shopper_limit", "redeemed", "is_active")


def stream_codes(*, batch_id: int) -> Iterator[str]:
    """Yield the lines of a CSV file of a batch's codes. One query with a cursor of the server.

    A code is letters, digits and hyphens: no spreadsheet takes it for a formula.
    """
    rows = Coupon.objects.filter(batch_id=batch_id).order_by("pk").values_list(*HEADER)
    yield ",".join(HEADER) + "\r\n"
    for row in rows.iterator(chunk_size=CHUNK):
        yield ",".join("" if value is None else str(value) for value in row) + "\r\n"
