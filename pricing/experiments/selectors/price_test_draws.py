"""Read whole draws of price shocks: what chance could have done to every price of a week."""

from __future__ import annotations

from datetime import date, datetime

from pricing.base.core.impressions import WeekDraw
from pricing.ledger.models.impressions import ShockDraw
from shop.ground.kernel.arrays import hash_arrays, unpack_arrays


class UntrustedDraw(ValueError):
    """The stored arrays are not the ones that were hashed when they were drawn."""


def load_draw(*, place: tuple[str, str], week: date) -> WeekDraw | None:
    """Return the draw of a week, None if there was none. One query. Raises UntrustedDraw."""
    found = load_timed_draw(place=place, week=week)
    return None if found is None else found[0]


def load_timed_draw(*, place: tuple[str, str], week: date) -> tuple[WeekDraw, datetime] | None:
    """Return the draw of a week and its moment. One query. Raises UntrustedDraw."""
    row = ShockDraw.objects.filter(market_id=place[0], channel=place[1], week=week).first()
    if row is None:
        return None
    arrays = unpack_arrays(row.arrays)
    if hash_arrays(arrays) != row.sha256:
        raise UntrustedDraw(f"draw {row.pk} does not have the hash it was stored with")
    return WeekDraw.from_arrays(arrays, row.book_version), row.drawn_at
