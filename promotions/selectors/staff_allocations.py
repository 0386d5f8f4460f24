"""What staff see of the allocator: spend against budget, lambda, depths, arms, and the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Sum

from promotions.models import AllocationPlan, Campaign, OfferDecision, UpliftVersion
from promotions.selectors.allocations import list_allocatable


@dataclass(frozen=True, slots=True)
class DepthRow:
    """Decisions of one arm and depth: how many shoppers, expected value and cost in minor units."""

    arm: str
    depth: float
    shoppers: int
    value_minor: float
    cost_minor: float


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


@dataclass(frozen=True, slots=True)
class ModelView:
    """The newest uplift model with what its judges said (see `uplift_training.judge`)."""

    version_id: int
    status: str
    trained_at: datetime
    rows: int
    metrics: Mapping[str, Any]


def list_allocations(*, now: datetime) -> list[AllocationView]:
    """Return the personal campaigns that are not over at `now`. Four queries.

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
    found = [
        _view(one, plans.get(one.pk), depths.get(one.pk, []), last.get(one.pk), one.pk in able)
        for one in campaigns
    ]
    return sorted(found, key=lambda view: (not view.is_on, view.is_on is None, not view.has_depths))


def find_newest_model() -> ModelView | None:
    """Return the uplift model trained last, in use or refused. One query."""
    row = UpliftVersion.objects.defer("arrays").order_by("-trained_at", "-pk").first()
    if row is None:
        return None
    return ModelView(row.pk, row.status, row.trained_at, row.rows, row.metrics)


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
    )
