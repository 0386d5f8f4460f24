"""The first evening of a shop: its sample, and what must tie at the end of it."""

from __future__ import annotations

from tests.contracts.house import ROOT

SAMPLE = ROOT / "docs/samples/own-shop"
WRONG, RIGHT = '"50,37"', "50.37"
MISTAKE = "products.csv line 7: column 'price': '50,37' has a comma; write 50.37."
# Of each stock record: whether its movements sum to it, and what is reserved.
LEDGERS = """
SELECT r.on_hand = coalesce(sum(m.quantity), 0), r.reserved
FROM shop_stockrecord r LEFT JOIN shop_stockmovement m
    ON m.variant_id = r.variant_id AND m.location_id = r.location_id
GROUP BY r.id
"""
# What left the shelf and came back, by SKU.
MOVES = """
SELECT v.sku, m.kind, m.quantity FROM shop_stockmovement m JOIN shop_variant v
ON v.id = m.variant_id WHERE m.kind IN ('sold', 'returned') ORDER BY v.sku, m.kind
"""
MOVED = [
    ("C38", "sold", -1),
    ("CT33", "sold", -1),
    ("TP24-SHOR", "returned", 1),
    ("TP24-SHOR", "sold", -1),
]
