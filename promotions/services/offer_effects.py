"""What offers earned beside what the model expected, from who got them or nothing by chance."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from math import isfinite

import numpy as np

from promotions.core.exploration import measure_effect
from promotions.models import Offer
from promotions.selectors.allocations import load_served
from promotions.services.uplift_training import Outcome, list_outcomes


@dataclass(frozen=True, slots=True)
class Effect:
    """An offer's effect relative to the model, its standard error, and the decisions behind it."""

    mean: float
    sd: float
    decisions: int


def measure_effects(*, now: datetime) -> dict[int, Effect]:
    """Return the effect of each offer that enough randomised decisions tell of, by its id.

    None without a model to compare with. The queries of `list_outcomes`, and one per campaign.
    """
    if load_served() is None:
        return {}
    by_campaign: dict[int, list[Outcome]] = defaultdict(list)
    for one in list_outcomes(now):
        by_campaign[one.campaign_id].append(one)
    found: dict[int, Effect] = {}
    for campaign_id, outcomes in by_campaign.items():
        offers = Offer.objects.filter(campaign_id=campaign_id, percent__isnull=False)
        for pk, percent in offers.values_list("pk", "percent"):
            effect = _measure(outcomes, float(percent or 0) / 100)
            if effect is not None:
                found[pk] = effect
    return found


def _measure(outcomes: list[Outcome], depth: float) -> Effect | None:
    """Return the effect of a depth against no offer, None if too few got either."""
    served = load_served()
    if served is None:
        return None
    bought, given, expected = [], [], []
    for one in outcomes:
        mine = np.isclose(one.depth, depth)
        told = mine | (one.depth == 0.0)
        chance = served.model.predict(one.frame, [0.0, depth])
        bought.append(one.bought[told])
        given.append(mine[told])
        expected.append((chance[:, 1] - chance[:, 0])[told])
    is_given = np.concatenate(given)
    mean, sd = measure_effect(np.concatenate(bought), is_given, np.concatenate(expected))
    return Effect(mean, sd, int(is_given.sum())) if isfinite(sd) else None
