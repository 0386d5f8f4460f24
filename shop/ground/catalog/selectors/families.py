"""Products of several variants: which belong together, and which differ by size only."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from django.db import connection

from shop.ground.catalog.core.values import IntArray
from shop.ground.catalog.selectors.versions import VersionedCache

FAMILIES = """
SELECT array_agg(v.id ORDER BY v.position, v.id),
    bool_and(v.measure_amount IS NOT NULL
        AND (SELECT count(*) FROM jsonb_object_keys(v.options)) < 2)
FROM shop_variant v JOIN shop_product p ON p.id = v.product_id
WHERE v.is_active AND p.is_active GROUP BY p.id HAVING count(*) > 1
"""
_families: VersionedCache[tuple[Mapping[int, tuple[int, ...]], frozenset[int]]] = VersionedCache(
    size=1
)
_numbers: VersionedCache[tuple[IntArray, IntArray]] = VersionedCache(size=1)


def list_families() -> Mapping[int, tuple[int, ...]]:
    """Return all active variants of the product by variant, of products that have several, in the
    order they are to be shown. No query once cached by version, one otherwise.
    """
    return _families.get("all", _find_families)[0]


def number_products(variant_ids: IntArray) -> IntArray:
    """Return a number of each variant's product, (n,): the lowest of its active variants.

    No query once cached by version, one otherwise.
    """
    own, lowest = _numbers.get("all", _number_families)
    if not len(own):
        return variant_ids
    at = np.minimum(np.searchsorted(own, variant_ids), len(own) - 1)
    return np.where(own[at] == variant_ids, lowest[at], variant_ids)


def _number_families() -> tuple[IntArray, IntArray]:
    families = sorted(list_families().items())
    own = np.array([one for one, _members in families], dtype=np.int64)
    return own, np.array([min(members) for _one, members in families], dtype=np.int64)


def list_sized() -> frozenset[int]:
    """Return the active variants of products whose several variants differ by size only: each says
    how much it holds. No query once cached by version, one otherwise.
    """
    return _families.get("all", _find_families)[1]


def _find_families() -> tuple[Mapping[int, tuple[int, ...]], frozenset[int]]:
    with connection.cursor() as cursor:
        cursor.execute(FAMILIES)
        found = [(tuple(members), is_sized) for members, is_sized in cursor.fetchall()]
    families = {one: members for members, _is_sized in found for one in members}
    return families, frozenset(one for members, is_sized in found if is_sized for one in members)
