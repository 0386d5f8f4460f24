"""Allocator data for staff: spending against budget, lambda, depths, arms, model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Sum

from promotions.campaigns.models import Campaign, Offer
from promotions.targeting.models import AllocationPlan, OfferBelief, OfferDecision, UpliftVersion
from promotions.targeting.selectors.allocations import list_allocatable


@dataclass(frozen=True, slots=True)
class DepthRow:
    """Decisions of one arm and depth: how many shoppers, expected value and cost in minor units."""

    arm: str
    depth: float
    shoppers: int
    value_minor: float
    cost_minor: float


@dataclass(frozen=True, slots=True)
class BeliefView:
    """An offer the allocator may give, and what is believed of its effect relative to what the
    model expects of it (1: as the model says): `mean` and `sd`, None before it first took part.

    `by_chance`, `explored` and `chosen` are how often it was given, up to now; `decisions` how many
    of those by chance had an outcome when the belief was made.
    """

    code: str
    name: str
    depth: float
    mean: float | None
    sd: float | None
    is_new: bool
    decisions: int
    by_chance: int
    explored: int
    chosen: int
    made_at: datetime | None


@dataclass(frozen=True, slots=True)
class AllocationView:
    """A personal campaign and what the allocator does with it; `is_on` None: not asked to.

    `has_depths`: there is a percentage that applies by itself, so there is something to choose.
    """

    campaign_id: int
    name: str
    status: str
    is_on: bool | None
    has_depths: bool
    spent_minor: int
    budget_minor: int | None
    price: float
    paced_at: datetime | None
    last_at: datetime | None
    depths: Sequence[DepthRow]
    exploration_share: float
    beliefs: Sequence[BeliefView]


@dataclass(frozen=True, slots=True)
class ModelView:
    """The newest uplift model with what its judges said (see `uplift_training.judge`)."""

    version_id: int
    status: str
    trained_at: datetime
    rows: int
    metrics: Mapping[str, Any]


def list_allocations(*, now: datetime) -> list[AllocationView]:
    """Return the personal campaigns that are not over at `now`. Six queries.

    Those that were ever given out come first, then those with depths to choose from.
    """
    plans = {plan.campaign_id: plan for plan in AllocationPlan.objects.all()}
    campaigns = Campaign.objects.filter(audience=Campaign.Audience.PERSONAL, ends_at__gt=now)
    campaigns = campaigns.exclude(status=Campaign.Status.ENDED).order_by("-starts_at", "-pk")
    able = set(list_allocatable([c.pk for c in campaigns]).values_list("campaign_id", flat=True))
    depths: dict[int, list[DepthRow]] = {}
    last: dict[int, datetime] = {}
    rows = OfferDecision.objects.filter(campaign__in=campaigns.values("pk")).values(
        "campaign_id", "arm", "depth"
    )
    for row in rows.annotate(
        n=Count("pk"), value=Sum("value_minor"), cost=Sum("cost_minor"), latest=Max("at")
    ).order_by("campaign_id", "arm", "depth"):
        key = row["campaign_id"]
        numbers = (row["arm"], row["depth"], row["n"], row["value"], row["cost"])
        depths.setdefault(key, []).append(DepthRow(*numbers))
        last[key] = max(row["latest"], last.get(key, row["latest"]))
    beliefs = _list_beliefs([one.pk for one in campaigns if one.pk in plans])
    found = [
        replace(
            _view(one, plans.get(one.pk), depths.get(one.pk, []), last.get(one.pk), one.pk in able),
            beliefs=beliefs.get(one.pk, []),
        )
        for one in campaigns
    ]
    return sorted(found, key=lambda view: (not view.is_on, view.is_on is None, not view.has_depths))


def find_newest_model() -> ModelView | None:
    """Return the uplift model trained last, in use or refused. One query."""
    row = UpliftVersion.objects.defer("arrays").order_by("-trained_at", "-pk").first()
    if row is None:
        return None
    return ModelView(row.pk, row.status, row.trained_at, row.rows, row.metrics)


def _list_beliefs(campaign_ids: Sequence[int]) -> dict[int, list[BeliefView]]:
    """Return what is believed of the offers of campaigns, shallow first. Two queries."""
    offers = list_allocatable(campaign_ids).select_related("belief").order_by("percent", "pk")
    given = OfferDecision.objects.filter(offer__in=offers.values("pk"))
    counts = {
        (offer_id, reason): n
        for offer_id, reason, n in given.order_by()
        .values_list("offer_id", "reason")
        .annotate(n=Count("pk"))
    }
    found: dict[int, list[BeliefView]] = {}
    for offer in offers:
        found.setdefault(offer.campaign_id, []).append(
            _believe(offer, {reason: n for (pk, reason), n in counts.items() if pk == offer.pk})
        )
    return found


def _believe(offer: Offer, given: Mapping[str, int]) -> BeliefView:
    told: OfferBelief | None = getattr(offer, "belief", None)
    return BeliefView(
        code=offer.code,
        name=offer.name,
        depth=float(offer.percent or 0) / 100,
        mean=None if told is None else told.mean,
        sd=None if told is None else told.sd,
        is_new=told is None or told.is_new,
        decisions=0 if told is None else told.decisions,
        by_chance=given.get("by_chance", 0),
        explored=given.get("explored", 0),
        chosen=given.get("chosen", 0),
        made_at=None if told is None else told.made_at,
    )


def _view(
    campaign: Campaign,
    plan: AllocationPlan | None,
    depths: list[DepthRow],
    last_at: datetime | None,
    has_depths: bool,
) -> AllocationView:
    return AllocationView(
        campaign_id=campaign.pk,
        name=campaign.name,
        status=campaign.status,
        is_on=None if plan is None else plan.is_on,
        has_depths=has_depths,
        spent_minor=campaign.spent_minor,
        budget_minor=campaign.budget_minor,
        price=0.0 if plan is None else plan.price,
        paced_at=None if plan is None else plan.paced_at,
        last_at=last_at,
        depths=depths,
        exploration_share=0.0 if plan is None else plan.exploration_share,
        beliefs=(),
    )
