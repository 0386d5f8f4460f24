"""What was sold: since a moment, and before the shop was here."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from orders.models import OrderLine


def list_ordered_since(variant_ids: Collection[int], since: datetime) -> set[int]:
    """Return those of the variants that an order placed since then names. One query."""
    lines = OrderLine.objects.filter(variant_id__in=variant_ids, order__placed_at__gte=since)
    return set(lines.values_list("variant_id", flat=True))


def list_taken_lines(refs: Collection[str]) -> dict[str, list[tuple[str, int, int]]]:
    """Return SKU, pieces and what was paid of each line of orders of an earlier system."""
    found: dict[str, list[tuple[str, int, int]]] = {}
    rows = OrderLine.objects.filter(order__external_ref__in=refs).values_list(
        "order__external_ref", "variant__sku", "quantity", "total_minor"
    )
    for ref, sku, quantity, paid in rows:
        found.setdefault(str(ref), []).append((sku, quantity, paid))
    return found
