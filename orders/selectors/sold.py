"""Which variants were ordered since a moment."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from orders.models import OrderLine


def list_ordered_since(variant_ids: Collection[int], since: datetime) -> set[int]:
    """Return those of the variants that an order placed since then names. One query."""
    lines = OrderLine.objects.filter(variant_id__in=variant_ids, order__placed_at__gte=since)
    return set(lines.values_list("variant_id", flat=True))
