"""What a run of the publisher works under."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pricing.core.demand.served import ServedDemand
from pricing.core.demand.training import prior_model
from pricing.core.signals import SignalWeights
from pricing.core.values import ModelVersionRow, Policy


@dataclass(frozen=True, slots=True)
class Occasion:
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
        """The model in use; what is believed of all goods where there is none."""
        return prior_model(SignalWeights()) if self.model is None else self.model[1]

    @property
    def is_stale(self) -> bool:
        """Whether the model in use is too old to move a price."""
        if self.model is None:
            return False
        return self.now - self.model[0].trained_at > timedelta(
            hours=self.policy.max_model_age_hours
        )

    @property
    def may_move(self) -> bool:
        """Whether there is a fresh model: without one no price is moved to learn from it either."""
        return self.model is not None and not self.is_stale
