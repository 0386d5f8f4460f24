"""A model of looks beside the evidence of the same looks."""

from __future__ import annotations

from dataclasses import dataclass, fields

from pricing.core.arrays import BoolArray, FloatArray, IntArray
from pricing.core.demand.served import ServedDemand
from pricing.core.online.learned import LearnedDemand


@dataclass(frozen=True, slots=True)
class LookedDemand(ServedDemand):
    """A model that was fitted to looks, with what `learned` from them says beside elasticities.

    Elasticities are the model's alone: the looks of the evidence are in it, and would count twice.
    Which of them chance backs, and what siblings lose, is the evidence's word.
    """

    learned: LearnedDemand

    def backed_by_chance(self, variant_id: IntArray, family_id: IntArray) -> BoolArray:
        """Return whose elasticity a randomised source backs, (m,)."""
        return self.learned.backed_by_chance(variant_id, family_id)

    def siblings_lose(self, family_id: IntArray) -> FloatArray:
        """Return the share of the units a lower price wins that siblings lose, (m,)."""
        return self.learned.siblings_lose(family_id)


def stand_beside(looked: ServedDemand, learned: LearnedDemand) -> LookedDemand:
    """Return `looked`, a model fitted to looks, with the evidence of the same looks beside it.

    >>> import numpy as np
    >>> from pricing.core.demand.served import example_served
    >>> from pricing.core.online import Evidence, learn_from
    >>> served = example_served()
    >>> both = stand_beside(served, learn_from(served, Evidence.nothing()))
    >>> both.elasticities(np.array([7]), np.array([1]))[0].tolist()
    [2.0]
    """
    return LookedDemand(
        **{field.name: getattr(looked, field.name) for field in fields(ServedDemand)},
        learned=learned,
    )
