"""Where goods stand in the catalogue."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shop.catalog.selectors.arrays import load_variant_arrays
from shop.catalog.selectors.tree import list_categories


def find_places(variant_ids: Sequence[int]) -> dict[int, tuple[tuple[int, ...], int]]:
    """Return, by variant, its categories from department to leaf and its brand. No query."""
    arrays, tree = load_variant_arrays(), list_categories("en")
    wanted = np.array(list(variant_ids), dtype=np.int64)
    at = np.searchsorted(arrays.variant_id, wanted)
    at[at == len(arrays.variant_id)] = 0
    is_there = arrays.variant_id[at] == wanted if len(arrays.variant_id) else wanted < 0
    trails: dict[int, tuple[int, ...]] = {}
    found: dict[int, tuple[tuple[int, ...], int]] = dict.fromkeys(wanted.tolist(), ((), 0))
    ids, at = wanted[is_there].tolist(), at[is_there]
    categories, brands = arrays.category_id[at].tolist(), arrays.brand_id[at].tolist()
    for variant_id, category_id, brand_id in zip(ids, categories, brands, strict=True):
        if category_id not in trails:
            trails[category_id] = tuple(node.category_id for node in tree.trail(category_id))
        found[variant_id] = trails[category_id], brand_id
    return found


def find_products(variant_ids: Sequence[int]) -> dict[int, int]:
    """Return, by variant on sale, its product. No query."""
    arrays = load_variant_arrays()
    wanted = np.array(list(variant_ids), dtype=np.int64)
    if not len(arrays.variant_id):
        return {}
    at = np.minimum(np.searchsorted(arrays.variant_id, wanted), len(arrays.variant_id) - 1)
    is_there = arrays.variant_id[at] == wanted
    ids, products = wanted[is_there].tolist(), arrays.product_id[at[is_there]].tolist()
    return dict(zip(ids, products, strict=True))
