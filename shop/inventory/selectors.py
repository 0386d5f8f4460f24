"""Read stock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db.models import F

from shop.inventory.models import StockRecord


def available(variant_ids: Sequence[int], location: str = "online") -> dict[int, int]:
    """Return pieces free to sell by variant id; 0 where no stock is recorded. One query."""
    free = StockRecord.objects.filter(
        variant_id__in=variant_ids, location__code=location
    ).values_list("variant_id", F("on_hand") - F("reserved"))
    return {**dict.fromkeys(variant_ids, 0), **dict(free)}


def next_deliveries(
    variant_ids: Sequence[int], *, after: date, location: str = "online"
) -> dict[int, date]:
    """Return the day on which pieces come again, of the variants where it is known and lies after
    `after`. One query."""
    rows = StockRecord.objects.filter(
        variant_id__in=variant_ids, location__code=location, next_delivery__gt=after
    )
    days = rows.values_list("variant_id", "next_delivery")
    return {variant: day for variant, day in days if day is not None}
