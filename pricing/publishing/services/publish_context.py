"""Context of one run of the publisher."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pricing.base.core.impressions import HOUR_MS
from pricing.base.core.values import ModelVersionRow, Policy
from pricing.demand.core.served import ServedDemand
from pricing.demand.core.training import prior_model
from pricing.learning.core.taught import find_learned
from pricing.optimum.core.signals import SignalWeights
from shop.ground.kernel.clock import epoch_ms


@dataclass(frozen=True, slots=True)
class PublishContext:
    """What a run of the publisher works under: rules, model, place and time.

    `draws_shocks`: it is the first run of its week to look at all prices. `is_dry`: it only asks
    what prices would be, so no breaker trips or ends by it and no guard counts.
    """

    policy: Policy
    model: tuple[ModelVersionRow, ServedDemand] | None
    now: datetime
    effective_at: datetime
    place: tuple[str, str]
    exponent: int
    draws_shocks: bool = False
    is_dry: bool = False

    @property
    def served(self) -> ServedDemand:
        """The model in use; what is believed of all products where there is none."""
        return prior_model(SignalWeights()) if self.model is None else self.model[1]

    @property
    def learned_ms(self) -> int:
        """When the model in use, or the place's newest night on top of it, was learned; 0 without a
        model."""
        return (
            0
            if self.model is None
            else find_learned(epoch_ms(self.model[0].trained_at), self.served)
        )

    @property
    def is_stale(self) -> bool:
        """Whether what is known of demand is too old to move a price."""
        age_ms = epoch_ms(self.now) - self.learned_ms
        return self.model is not None and age_ms > self.policy.max_model_age_hours * HOUR_MS

    @property
    def may_move(self) -> bool:
        """Whether there is a fresh model: without one no price is moved to learn from it either."""
        return self.model is not None and not self.is_stale
