"""What looks say of elasticities until a night, and what outcomes said since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pricing.core.arrays import BoolArray, FloatArray, IntArray
from pricing.core.demand.served import ServedDemand
from pricing.core.online.diversion import expect_diversion
from pricing.core.online.evidence import (
    EVIDENCE_HALF_LIFE_DAYS,
    Evidence,
    find_sorted,
    know_elasticities,
)
from pricing.core.online.kinship import Kinship, Told, combine, relate
from pricing.core.online.learned import LEAST_ELASTICITY, LearnedDemand, learn_from

_TOLD = ("told_id", "told_weighted", "told_precision")


@dataclass(frozen=True, slots=True)
class Looked:
    """A logit fitted to all looks until a moment, as arrays (`serve_looks`), and what the evidence
    of the minutes knew of elasticities at that moment, which is in the logit already: the normal
    likelihood of N variants (ascending `told_id`), levels integrated out, (N,). `days` is how long
    ago that was."""

    elasticities: ServedDemand
    told_id: IntArray
    told_weighted: FloatArray
    told_precision: FloatArray
    days: float = 0.0

    @staticmethod
    def of(elasticities: ServedDemand, learned: LearnedDemand) -> Looked:
        """Return a fit, and what `learned` knew at its moment."""
        known = learned.evidence.variant_id, learned.weighted, learned.precision
        return Looked(elasticities, *known)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything but its age as named arrays for `pack_arrays`; `from_arrays` reads them
        back."""
        return self.elasticities.arrays() | {name: getattr(self, name) for name in _TOLD}

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Looked:
        """Return what `arrays` was made from.

        >>> from pricing.core.demand.served import example_served
        >>> served = example_served()
        >>> one = Looked.of(served, learn_from(served, Evidence.nothing()))
        >>> Looked.from_arrays(one.arrays()).elasticities.elasticity.tolist()
        [2.0]
        """
        told, weighted, precision = (arrays[name] for name in _TOLD)
        return Looked(ServedDemand.from_arrays(arrays), told, weighted, precision)


@dataclass(frozen=True, slots=True)
class LookedDemand(ServedDemand):
    """A model whose elasticities are those of looks, with the outcomes since on top.

    Forecasts are the model's. `since` is what outcomes told of the variants of `learned` after the
    fit, `kinship` what that says of their families. Which elasticities chance backs, and what
    siblings lose, is the word of all evidence.
    """

    learned: LearnedDemand
    looked: Looked
    weighted: FloatArray
    precision: FloatArray
    kinship: Kinship

    def elasticities(self, variant_id: IntArray, family_id: IntArray) -> tuple[FloatArray, ...]:
        """Return mean, sd and depth of each variant's elasticity, see `ServedDemand`; the depth is
        that of the model's own forecast."""
        _, _, depth = ServedDemand.elasticities(self, variant_id, family_id)
        mean, sd, _ = self.looked.elasticities.elasticities(variant_id, family_id)
        at, is_seen = find_sorted(self.learned.evidence.variant_id, variant_id)
        if not is_seen.any():
            return mean, sd, depth
        trust = np.where(is_seen, self.learned.evidence.trust[at], 1.0)
        told = Told(
            mean=mean,
            sd=sd / np.sqrt(trust),
            weighted=np.where(is_seen, self.weighted[at], 0.0),
            precision=np.where(is_seen, self.precision[at], 0.0),
        )
        kin, has_kin = find_sorted(self.kinship.family_id, family_id)
        after, spread = combine(told, self.kinship.mean[kin], self.kinship.variance[kin])
        return (
            np.where(has_kin, np.maximum(after, LEAST_ELASTICITY), mean),
            np.where(has_kin, spread, sd),
            depth,
        )

    def backed_by_chance(self, variant_id: IntArray, family_id: IntArray) -> BoolArray:
        """Return whose elasticity a randomised source backs, (m,)."""
        return self.learned.backed_by_chance(variant_id, family_id)

    def siblings_lose(self, family_id: IntArray) -> FloatArray:
        """Return the share of the units a lower price wins that siblings lose, (m,)."""
        return self.learned.siblings_lose(family_id)


def stand_beside(looked: Looked, learned: LearnedDemand) -> LookedDemand:
    """Return `learned` with the elasticities of `looked`.

    What outcomes told since is what the evidence knows now less what it knew then, faded alike;
    where an alarm or a merchant's new price took more away than came, nothing.

    >>> from pricing.core.demand.served import example_served
    >>> served = example_served()
    >>> learned = learn_from(served, Evidence.nothing())
    >>> both = stand_beside(Looked.of(served, learned), learned)
    >>> both.elasticities(np.array([7]), np.array([1]))[0].tolist()
    [2.0]
    """
    evidence = learned.evidence
    at, is_told = find_sorted(looked.told_id, evidence.variant_id)
    kept = 0.5 ** (max(looked.days, 0.0) / EVIDENCE_HALF_LIFE_DAYS) * is_told
    before = np.zeros(len(evidence)), np.zeros(len(evidence))
    if len(looked.told_id):
        before = kept * looked.told_weighted[at], kept * looked.told_precision[at]
    precision = learned.precision - before[1]
    is_more = precision > 0.0
    precision = np.where(is_more, precision, 0.0)
    weighted = np.where(is_more, learned.weighted - before[0], 0.0)
    mean, sd, _ = looked.elasticities.elasticities(evidence.variant_id, evidence.family_id)
    kinship = relate(
        evidence.family_id,
        (mean, sd / np.sqrt(evidence.trust)),
        know_elasticities(weighted, precision),
        randomized=np.zeros(len(evidence)),
        expected=expect_diversion(evidence),
    )
    known = {field.name: getattr(learned, field.name) for field in fields(ServedDemand)}
    return LookedDemand(
        **known,
        learned=learned,
        looked=looked,
        weighted=weighted,
        precision=precision,
        kinship=kinship,
    )


def believe(
    served: ServedDemand, evidence: Evidence, looked: Looked | None = None
) -> LearnedDemand | LookedDemand:
    """Return the demand that prices are made of: the model, what looks say where they say anything,
    and the evidence of the minutes."""
    learned = learn_from(served, evidence)
    return learned if looked is None else stand_beside(looked, learned)
