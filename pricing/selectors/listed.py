"""List prices as they are stored, of every market."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from pricing.models import PublicPrice


def read_list_prices(variant_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """Return the list price of variants by market, in minor units of its currency. One query.

    What is just saved is there: no price book is asked.
    """
    found: dict[int, dict[str, int]] = defaultdict(dict)
    rows = PublicPrice.objects.filter(variant_id__in=variant_ids, channel="online").order_by("pk")
    for variant_id, market, amount in rows.values_list("variant_id", "market_id", "list_minor"):
        found[variant_id][market] = amount
    return dict(found)
