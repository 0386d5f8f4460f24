"""Read stock."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import F

from shop.inventory.models import StockRecord


def available(variant_ids: Sequence[int], location: str = "online") -> dict[int, int]:
    """Return pieces free to sell by variant id; 0 where no stock is recorded. One query."""
    free = StockRecord.objects.filter(
        variant_id__in=variant_ids, location__code=location
    ).values_list("variant_id", F("on_hand") - F("reserved"))
    return {**dict.fromkeys(variant_ids, 0), **dict(free)}
