"""A model with the evidence of the day on top of it."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from pricing.core.arrays import BoolArray, FloatArray, IntArray
from pricing.core.demand.served import ServedDemand
from pricing.core.online.diversion import expect_diversion
from pricing.core.online.evidence import Evidence, find_sorted, integrate_levels
from pricing.core.online.kinship import Kinship, Told, combine, relate

# An elasticity is positive here; below this, prices would be asked for that nobody would pay.
LEAST_ELASTICITY = 0.05


@dataclass(frozen=True, slots=True)
class LearnedDemand(ServedDemand):
    """A model whose elasticities are those of its posterior after the outcomes since.

    `weighted` and `precision` (N,) are the likelihood of the variants of `evidence`, levels
    integrated out and at what is believed of what siblings lose; `kinship` is what they say of
    their families.
    """

    evidence: Evidence
    weighted: FloatArray
    precision: FloatArray
    kinship: Kinship

    def elasticities(self, variant_id: IntArray, family_id: IntArray) -> tuple[FloatArray, ...]:
        """Return mean, sd and depth of each variant's elasticity, see `ServedDemand`.

        Variants of families without evidence get the model's own numbers, to the bit.

        >>> from pricing.core.demand.served import example_served
        >>> served = example_served()
        >>> learned = learn_from(served, Evidence.nothing())
        >>> learned.elasticities(np.array([7]), np.array([1]))[0].tolist()
        [2.0]
        """
        mean, sd, depth = ServedDemand.elasticities(self, variant_id, family_id)
        at, has_kin = find_sorted(self.kinship.family_id, family_id)
        if not has_kin.any():
            return mean, sd, depth
        told = self._tell(variant_id, family_id)
        after, spread = combine(told, self.kinship.mean[at], self.kinship.variance[at])
        return (
            np.where(has_kin, np.maximum(after, LEAST_ELASTICITY), mean),
            np.where(has_kin, spread, sd),
            depth,
        )

    def siblings_lose(self, family_id: IntArray) -> FloatArray:
        """Return the share of the units a lower price wins that siblings lose, (m,): that of each
        family, 0 of families without evidence.

        >>> from pricing.core.demand.served import example_served
        >>> learned = learn_from(example_served(), Evidence.nothing())
        >>> learned.siblings_lose(np.array([1])).tolist()
        [0.0]
        """
        at, has_kin = find_sorted(self.kinship.family_id, family_id)
        if not has_kin.any():
            return np.zeros(len(family_id))
        return np.where(has_kin, self.kinship.diversion.share[at], 0.0)

    def backed_by_chance(self, variant_id: IntArray, family_id: IntArray) -> BoolArray:
        """Return whose elasticity a randomised source backs, (m,): the model's, or what chance did
        to prices since, where it would halve by itself what is not known of the family."""
        backed = ServedDemand.backed_by_chance(self, variant_id, family_id)
        at, has_kin = find_sorted(self.kinship.family_id, family_id)
        if not has_kin.any():
            return backed
        found: BoolArray = backed | (has_kin & self.kinship.is_randomized[at])
        return found

    def _tell(self, variant_id: IntArray, family_id: IntArray) -> Told:
        """Return prior and likelihood of each variant; without evidence the likelihood is flat."""
        at, is_seen = find_sorted(self.evidence.variant_id, variant_id)
        if not is_seen.any():
            mean, sd, _ = ServedDemand.elasticities(self, variant_id, family_id)
            none = np.zeros(len(variant_id))
            return Told(mean, sd, none, none)
        level = self.precision - self.evidence.precision
        mean, sd = choose_prior(self, variant_id, family_id, np.where(is_seen, level[at], 0.0))
        return Told(
            mean=mean,
            sd=np.where(is_seen, sd / np.sqrt(self.evidence.trust[at]), sd),
            weighted=np.where(is_seen, self.weighted[at], 0.0),
            precision=np.where(is_seen, self.precision[at], 0.0),
        )


def choose_prior(
    served: ServedDemand, variant_id: IntArray, family_id: IntArray, public: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return mean and sd of each elasticity before the evidence, (m,) each.

    The model has seen the weekly sales of the very prices that looks are counted at; taking both
    would count a purchase twice. So the one that says more counts: the model's word on the variant,
    or, where `public` (m,), the information of public prices, exceeds what that word adds to the
    family's, its word on the family.

    >>> from pricing.core.demand.served import example_served
    >>> both = np.array([7, 7]), np.array([1, 1])
    >>> choose_prior(example_served(), *both, np.array([7.0, 7.2]))[0].tolist()
    [2.0, 1.5]
    """
    mean, sd, _ = ServedDemand.elasticities(served, variant_id, family_id)
    unknown = np.full(len(variant_id), -1)
    wide_mean, wide_sd, _ = ServedDemand.elasticities(served, unknown, family_id)
    says_more = public > np.maximum(1.0 / sd**2 - 1.0 / wide_sd**2, 0.0)
    return np.where(says_more, wide_mean, mean), np.where(says_more, wide_sd, sd)


def learn_from(served: ServedDemand, evidence: Evidence) -> LearnedDemand:
    """Return `served` with `evidence` on top."""
    known = {field.name: getattr(served, field.name) for field in fields(ServedDemand)}
    told = integrate_levels(evidence)
    mean, sd = choose_prior(
        served, evidence.variant_id, evidence.family_id, told.precision - evidence.precision
    )
    kinship = relate(
        evidence.family_id,
        (mean, sd / np.sqrt(evidence.trust)),
        told,
        randomized=evidence.randomized,
        expected=expect_diversion(evidence),
    )
    at, _ = find_sorted(kinship.family_id, evidence.family_id)
    lost = kinship.diversion.share[at] if len(at) else np.zeros(0)
    return LearnedDemand(
        **known,
        evidence=evidence,
        weighted=told.weighted - told.joint * lost,
        precision=told.precision,
        kinship=kinship,
    )
