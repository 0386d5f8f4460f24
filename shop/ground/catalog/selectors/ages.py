"""Goods that ask for an age, and lists without those that ask for more than is confirmed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from django.db import connection

from shop.ground.catalog.core.values import IntArray
from shop.ground.catalog.selectors.arrays import load_variant_arrays
from shop.ground.catalog.selectors.markets import get_market, home_market
from shop.ground.catalog.selectors.versions import VersionedCache

AGE_LIMITED = """
SELECT v.id, p.minimum_age FROM shop_variant v JOIN shop_product p ON p.id = v.product_id
JOIN shop_category leaf ON leaf.id = p.category_id
WHERE leaf.is_restricted OR p.minimum_age IS NOT NULL
"""
_limits: VersionedCache[tuple[frozenset[int], Mapping[int, int | None]]] = VersionedCache(size=1)


def list_age_limited() -> frozenset[int]:
    """Return the variants that ask for an age, by their product or category, those no longer sold
    among them. No query once cached by version, one otherwise.
    """
    return _limits.get("all", _load)[0]


def leave_out_limited(
    variant_ids: IntArray, market: str, confirmed_age: int
) -> tuple[IntArray, int]:
    """Return the variants that ask for no higher age than is confirmed, order kept, and the highest
    age that the others sold in a market ask for: 0 where nothing is left out.

    No query once cached by version, one otherwise.
    """
    limits, usual = _limits.get("all", _load)[1], get_market(market or home_market()).minimum_age
    asked = [(limits[one] or usual) if one in limits else 0 for one in variant_ids.tolist()]
    ages = np.array(asked, dtype=np.int64)
    over = ages > confirmed_age
    if not over.any():
        return variant_ids, 0
    sold = np.isin(variant_ids[over], load_variant_arrays(market).variant_id)
    return variant_ids[~over], int(ages[over][sold].max(initial=0))


def _load() -> tuple[frozenset[int], Mapping[int, int | None]]:
    with connection.cursor() as cursor:
        cursor.execute(AGE_LIMITED)
        limits = dict(cursor.fetchall())
    return frozenset(limits), limits
