"""Where goods stand in the catalogue."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shop.catalog.selectors import list_categories, load_variant_arrays


def find_places(variant_ids: Sequence[int]) -> dict[int, tuple[tuple[int, ...], int]]:
    """Return, by variant, its categories from department to leaf and its brand. No query."""
    arrays, tree = load_variant_arrays(), list_categories("en")
    found: dict[int, tuple[tuple[int, ...], int]] = {}
    for variant_id in variant_ids:
        i = int(np.searchsorted(arrays.variant_id, variant_id))
        if i == len(arrays.variant_id) or arrays.variant_id[i] != variant_id:
            found[variant_id] = ((), 0)
            continue
        trail = tree.trail(int(arrays.category_id[i]))
        ids = tuple(node.category_id for node in trail)
        found[variant_id] = (ids, int(arrays.brand_id[i]))
    return found


def find_products(variant_ids: Sequence[int]) -> dict[int, int]:
    """Return, by variant on sale, its product. No query."""
    arrays = load_variant_arrays()
    wanted = np.array(list(variant_ids), dtype=np.int64)
    at = np.flatnonzero(np.isin(arrays.variant_id, wanted))
    ids, products = arrays.variant_id[at].tolist(), arrays.product_id[at].tolist()
    return dict(zip(ids, products, strict=True))
