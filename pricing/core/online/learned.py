"""A model with the evidence of the day on top of it."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from pricing.core.arrays import FloatArray, IntArray
from pricing.core.demand.served import ServedDemand
from pricing.core.online.evidence import Evidence, find_sorted

# An elasticity is positive here; below this, prices would be asked for that nobody would pay.
LEAST_ELASTICITY = 0.05


@dataclass(frozen=True, slots=True)
class LearnedDemand(ServedDemand):
    """A model whose elasticities are those of its posterior after the outcomes since."""

    evidence: Evidence

    def elasticities(self, variant_id: IntArray, family_id: IntArray) -> tuple[FloatArray, ...]:
        """Return mean, sd and depth of each variant's elasticity, see `ServedDemand`.

        Variants without evidence get the model's own numbers, to the bit.

        >>> from pricing.core.demand.served import example_served
        >>> served = example_served()
        >>> learned = learn_from(served, Evidence.nothing())
        >>> learned.elasticities(np.array([7]), np.array([1]))[0].tolist()
        [2.0]
        """
        mean, sd, depth = ServedDemand.elasticities(self, variant_id, family_id)
        at, is_seen = find_sorted(self.evidence.variant_id, variant_id)
        if not is_seen.any():
            return mean, sd, depth
        prior = self.evidence.trust[at] / sd**2
        precision = prior + self.evidence.precision[at]
        after = np.maximum(
            (prior * mean + self.evidence.weighted[at]) / precision, LEAST_ELASTICITY
        )
        return (
            np.where(is_seen, after, mean),
            np.where(is_seen, 1.0 / np.sqrt(precision), sd),
            depth,
        )


def learn_from(served: ServedDemand, evidence: Evidence) -> LearnedDemand:
    """Return `served` with `evidence` on top."""
    known = {field.name: getattr(served, field.name) for field in fields(ServedDemand)}
    return LearnedDemand(**known, evidence=evidence)
