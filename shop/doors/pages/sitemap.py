"""Addresses of products for search engines."""

from __future__ import annotations

import numpy as np

from shop.ground.catalog.core.values import IntArray
from shop.ground.catalog.selectors import list_cards, load_variant_arrays


def count_products(market: str) -> int:
    """Return how many products are sold. No query once the arrays are known."""
    return len(_list_first_variants(market))


def list_product_slugs(*, market: str, start: int, count: int) -> list[str]:
    """Return the slugs of the products `start` to `start + count`, each once. One query."""
    ids = _list_first_variants(market)[start : start + count].tolist()
    return [card.slug for card in list_cards(ids, "en")]


def _list_first_variants(market: str) -> IntArray:
    """Return one variant of each product, ascending: a product's sizes may lie far apart."""
    arrays = load_variant_arrays(market)
    _products, first = np.unique(arrays.product_id, return_index=True)
    return np.sort(arrays.variant_id[first])
