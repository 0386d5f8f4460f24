"""Variant data for events, looked up in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from profiles.features.core import SensitiveProducts
from profiles.features.core.ranks import rank_prices
from shop.ground.catalog.core.values import SensitiveIds, VariantArrays
from shop.ground.catalog.selectors import load_sensitive_ids, load_variant_arrays


@dataclass(frozen=True, slots=True)
class VariantFacts:
    """Category, brand and price rank of a variant now."""

    category_id: int
    brand_id: int
    price_rank: float


@dataclass(frozen=True, slots=True)
class _Lookup:
    arrays: VariantArrays
    facts: Mapping[int, VariantFacts]
    ranks: NDArray[np.float64]


_cache: dict[str, _Lookup] = {}
_sensitive: list[tuple[SensitiveIds, SensitiveProducts]] = []


def lookup_variants() -> Mapping[int, VariantFacts]:
    """Return facts of all active variants by id. No query while the catalogue is unchanged."""
    return _lookup().facts


def load_price_ranks() -> tuple[VariantArrays, NDArray[np.float64]]:
    """Return all active variants and the price rank of each, as parallel arrays."""
    lookup = _lookup()
    return lookup.arrays, lookup.ranks


def sensitive_goods() -> SensitiveProducts:
    """Return the goods no feature may see. No query while the catalogue is unchanged."""
    ids = load_sensitive_ids()
    if not _sensitive or _sensitive[0][0] is not ids:
        _sensitive[:] = [(ids, SensitiveProducts(ids.category_id, ids.variant_id))]
    return _sensitive[0][1]


def _lookup() -> _Lookup:
    arrays = load_variant_arrays()
    known = _cache.get("lookup")
    # The catalogue hands out one object per version, so identity tells whether it changed.
    if known is None or known.arrays is not arrays:
        known = _cache["lookup"] = _build(arrays)
    return known


def _build(arrays: VariantArrays) -> _Lookup:
    ranks = rank_prices(arrays.category_id, arrays.list_minor)
    rows = zip(
        arrays.variant_id.tolist(),
        arrays.category_id.tolist(),
        arrays.brand_id.tolist(),
        ranks.tolist(),
        strict=True,
    )
    facts = {
        variant: VariantFacts(category_id=category, brand_id=brand, price_rank=rank)
        for variant, category, brand, rank in rows
    }
    return _Lookup(arrays=arrays, facts=facts, ranks=ranks)
