"""Effects of offers, estimated from their randomized decisions and from similar offers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite

import numpy as np
from django.db import transaction

from promotions.campaigns.models import Offer
from promotions.targeting.core.exploration import believe_like, liken, measure_effect
from promotions.targeting.models import OfferBelief
from promotions.targeting.selectors.allocations import Plan, list_plans, load_served
from promotions.targeting.services.uplift_training import Outcome, list_outcomes


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


# An offer is new until so many randomised decisions about it have an outcome.
NEW_BELOW = 300


@transaction.atomic
def learn_beliefs(*, now: datetime) -> int:
    """Measure all offers of live plans anew, and say what is believed of each; return how many are
    new. Once a night, after the model was trained; a model is needed to compare with."""
    plans = list_plans(now=now)
    return _write(plans, measure_effects(now=now), now)


@transaction.atomic
def greet_offers(*, plans: Sequence[Plan], now: datetime) -> list[Plan]:
    """Return the plans, with a belief for offers that have none: like those that were measured.

    No query where all are known.
    """
    if not any(plan.unknown for plan in plans):
        return list(plans)
    known = OfferBelief.objects.all()
    measured = {
        one.offer_id: Effect(one.effect, one.effect_sd, one.decisions)
        for one in known
        if one.effect is not None and one.effect_sd is not None
    }
    wanted = {pk for plan in plans for pk in plan.unknown}
    _write(plans, measured, now, only=wanted)
    return list_plans(now=now)


def _write(
    plans: Sequence[Plan],
    measured: Mapping[int, Effect],
    now: datetime,
    only: set[int] | None = None,
) -> int:
    """Write the beliefs of all offers of the plans, or of some; return how many are new."""
    offers = [
        (pk, depth, frozenset(plan.variant_ids.tolist()))
        for plan in plans
        for pk, depth in zip(plan.offer_ids, plan.depths, strict=True)
    ]
    ran = [(pk, depth, products) for pk, depth, products in offers if pk in measured]
    new = 0
    for pk, depth, products in offers:
        if only is not None and pk not in only:
            continue
        others = [one for one in ran if one[0] != pk]
        like = liken([depth], [products], [(one[1], one[2]) for one in others])
        effects = [measured[one[0]] for one in others]
        prior = believe_like(like, [one.mean for one in effects], [one.sd for one in effects])
        mine = measured.get(pk)
        told = prior if mine is None else prior.update([mine.mean], [mine.sd])
        is_new = mine is None or mine.decisions < NEW_BELOW
        new += is_new
        OfferBelief.objects.update_or_create(
            offer_id=pk,
            defaults={
                "is_new": is_new,
                "mean": float(told.mean[0]),
                "sd": float(np.sqrt(told.variance[0])),
                "effect": None if mine is None else mine.mean,
                "effect_sd": None if mine is None else mine.sd,
                "decisions": 0 if mine is None else mine.decisions,
                "made_at": now,
                "seed": f"{now.isoformat()}/{pk}",
            },
        )
    return new
