"""Data-quality flags of the variants of a shelf."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from pricing.base.core.arrays import BoolArray, IntArray
from pricing.base.core.price_points import share_up
from pricing.base.core.reference import PriceSeries
from pricing.base.core.values import Policy
from pricing.learning.selectors.publishing import Shelf
from pricing.optimum.core.quote import VariantTerms
from pricing.publishing.core.quality import BADGE_BIT, count_distinct, find_badges
from shop.ground.catalog.selectors import load_variant_arrays


def find_quality_flags(
    shelf: Shelf,
    terms: VariantTerms,
    series: PriceSeries,
    *,
    depth: IntArray,
    is_causal: BoolArray,
    policy: Policy,
    has_model: bool,
    feed: Mapping[str, Collection[int]],
) -> IntArray:
    """Return the bits of BADGES of each variant of a shelf, (m,). No query.

    `feed` holds the variants of badges that competitors' lists gave.
    """
    cost = shelf.variants.cost_minor
    kinds, counts = np.unique(load_variant_arrays().category_id, return_counts=True)
    place = np.searchsorted(kinds, shelf.variants.category_id)
    bits = find_badges(
        cost_minor=cost,
        public_minor=shelf.public_minor,
        floor_minor=share_up(np.maximum(cost, 0), 1.0 + policy.floor_margin),
        numbers=(terms.unit_cost, terms.elasticity, terms.elasticity_sd),
        depth=depth,
        is_causal=is_causal,
        is_new=shelf.is_new,
        distinct_prices=count_distinct(series),
        category_size=counts[np.minimum(place, len(counts) - 1)],
        has_model=has_model,
    )
    for name, ids in feed.items():
        concerned = np.isin(shelf.variants.variant_id, list(ids))
        bits |= np.where(concerned, BADGE_BIT[name], 0)
    return bits
