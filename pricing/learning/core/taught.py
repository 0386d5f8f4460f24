"""Weekly demand model that takes its elasticities from the choice model."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from pricing.base.core.arrays import BoolArray, FloatArray, IntArray
from pricing.demand.core.choice import ServedChoice
from pricing.demand.core.served import ServedDemand


@dataclass(frozen=True, slots=True)
class TaughtDemand(ServedDemand):
    """What prices are made of once enough was shown: forecasts are the model's, of goods that it
    does not know those of `choice`; elasticities, weights of signals and what siblings lose are
    those of `choice`, which knows what was shown until `until_ms`."""

    choice: ServedChoice
    until_ms: int

    def elasticities(self, variant_id: IntArray, family_id: IntArray) -> tuple[FloatArray, ...]:
        """Return mean, sd and depth of each variant's elasticity, see `ServedDemand`; the depth is
        that of the model's own forecast."""
        _, _, depth = ServedDemand.elasticities(self, variant_id, family_id)
        mean, sd, _ = self.choice.elasticities(variant_id, family_id)
        return mean, sd, depth

    def expect_weekly(
        self, variant_id: IntArray, price_minor: IntArray, elasticity: FloatArray
    ) -> FloatArray:
        """Return expected units a week, (m,), see `ServedDemand`: sales are few at first, and looks
        tell of goods that have none."""
        known = ServedDemand.expect_weekly(self, variant_id, price_minor, elasticity)
        looked = self.choice.expect_weekly(variant_id, price_minor, elasticity)
        return np.where(np.isfinite(known), known, looked)

    def backed_by_chance(self, variant_id: IntArray, family_id: IntArray) -> BoolArray:
        """Return whose elasticity a randomised source backs, (m,): the model's or the choice
        model's."""
        backed: BoolArray = ServedDemand.backed_by_chance(self, variant_id, family_id)
        return backed | self.choice.backed_by_chance(variant_id, family_id)

    @property
    def asks_certainty(self) -> bool:
        """Whether a change of price needs more than an even chance: not where looks teach."""
        return False

    def siblings_lose(self, family_id: IntArray) -> FloatArray:
        """Return the share of the units a lower price wins that siblings lose, (m,): the word of
        sets of goods seen together."""
        return self.choice.siblings_lose(family_id)


def teach(served: ServedDemand, choice: ServedChoice, *, until_ms: int) -> TaughtDemand:
    """Return `served` with what impressions until a moment taught.

    >>> from pricing.demand.core.choice.serve import example_choice
    >>> from pricing.demand.core.served import example_served
    >>> taught = teach(example_served(), example_choice(), until_ms=5)
    >>> one = np.array([7]), np.array([1])
    >>> taught.elasticities(*one)[0].tolist(), taught.siblings_lose(one[1]).tolist()
    ([2.0], [0.25])
    """
    known = {field.name: getattr(served, field.name) for field in fields(ServedDemand)}
    known |= {"weights": choice.weights}
    return TaughtDemand(**known, choice=choice, until_ms=until_ms)


def find_learned(trained_ms: int, served: ServedDemand) -> int:
    """Return when demand was learned last: with the model of weekly sales, or by the night that
    taught it since.

    >>> from pricing.demand.core.choice.serve import example_choice
    >>> from pricing.demand.core.served import example_served
    >>> taught = teach(example_served(), example_choice(), until_ms=5)
    >>> find_learned(3, taught), find_learned(7, taught), find_learned(3, example_served())
    (5, 7, 3)
    """
    return max(trained_ms, served.until_ms) if isinstance(served, TaughtDemand) else trained_ms
