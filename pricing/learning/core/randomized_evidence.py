"""Elasticities learned from randomized prices alone; they may move a price further."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.base.core.arrays import BoolArray, FloatArray, IntArray
from pricing.demand.core.choice import Impressions
from pricing.demand.core.served import ServedDemand

# Half of the variance of an elasticity is common to its family.
SHARED = 0.5
# Shoppers of a variant and week share a draw and its surprises: a purchase counts for less.
OVERDISPERSION = 1.5


@dataclass(frozen=True, slots=True)
class RandomizedEvidence:
    """What drawn prices tell of the elasticity of each item (k,), ascending: its information."""

    item: IntArray
    told: FloatArray

    @staticmethod
    def of(seen: Impressions) -> RandomizedEvidence:
        """Return what impressions tell by what chance did to their prices.

        >>> seen = Impressions.of(
        ...     set_id=[0, 1], item=[4, 4], category=[7, 7], family=[3, 3], log_price=[-0.1, 0.1],
        ...     moved=[-0.1, np.nan], bought=[300.0, 500.0], weight=[2e3, 2e3],
        ... )
        >>> RandomizedEvidence.of(seen).told.round(3).tolist()
        [2.0]
        """
        moved = np.nan_to_num(seen.moved)
        return RandomizedEvidence.add_up(seen.item, seen.bought * moved**2)

    @staticmethod
    def add_up(item: IntArray, squares: FloatArray) -> RandomizedEvidence:
        """Return the sums over purchases (n,) of `item` of the squares of their drawn moves."""
        items, at = np.unique(item, return_inverse=True)
        told: FloatArray = np.bincount(at, squares, len(items)) / OVERDISPERSION
        return RandomizedEvidence(items, told)

    def backs(self, variant_id: IntArray, family_id: IntArray, served: ServedDemand) -> BoolArray:
        """Return of which variants (m,) of which families (m,) chance would halve by itself what
        `served` does not know of the family (a one-way random effects model).

        >>> from pricing.demand.core.served import example_served
        >>> two, served = np.array([7, 8]), example_served()
        >>> little, much = (RandomizedEvidence(two, np.full(2, told)) for told in (2.0, 20.0))
        >>> [told.backs(two, np.ones(2), served).tolist() for told in (little, much)]
        [[False, False], [True, True]]
        """
        told = np.zeros(len(variant_id))
        if len(self.item):
            at = np.minimum(np.searchsorted(self.item, variant_id), len(self.item) - 1)
            told = np.where(self.item[at] == variant_id, self.told[at], 0.0)
        unknown = np.full(len(variant_id), -1)
        variance = served.elasticities(unknown, family_id)[1] ** 2
        families, family = np.unique(family_id, return_inverse=True)
        apart = 1.0 + (1.0 - SHARED) * variance * told
        halved = np.bincount(family, SHARED * variance * told / apart, len(families)) >= 1.0
        backed: BoolArray = halved[family]
        return backed
