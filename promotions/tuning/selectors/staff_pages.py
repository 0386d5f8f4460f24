"""Data for staff about running campaigns: the last day by the hour, and all proposals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Sum
from django.db.models.functions import TruncHour

from promotions.campaigns.models import Campaign, CampaignTuning
from promotions.tuning.core.values import MetricTotals
from promotions.tuning.models import CampaignAdjustment, CampaignMinute

HOURS = 24
HOUR = timedelta(hours=1)
State = CampaignAdjustment.State
# tab -> states shown under it
TABS: Mapping[str, tuple[str, ...]] = {
    "waiting": (State.WAITING,),
    "applied": (State.APPLIED,),
    "closed": (State.REFUSED, State.REJECTED, State.UNDONE),
}


@dataclass(frozen=True, slots=True)
class HourTotals:
    """What an hour brought: looks, orders, discounts and margin, minor units."""

    at: datetime
    impressions: int = 0
    redemptions: int = 0
    spend_minor: int = 0
    margin_minor: int = 0


@dataclass(frozen=True, slots=True)
class CampaignMetrics:
    """A live campaign with its last 24 hours, in sum and by the hour (the oldest first)."""

    campaign_id: int
    name: str
    audience: str
    ends_at: datetime
    budget_minor: int | None
    spent_minor: int
    is_automatic: bool
    exposure_weight: float
    fault: str
    totals: MetricTotals
    hours: tuple[HourTotals, ...]


@dataclass(frozen=True, slots=True)
class AdjustmentRow:
    """A change as it is shown."""

    id: int
    campaign_id: int
    campaign: str
    lever: str
    source: str
    reason_code: str
    before: Any
    after: Any
    evidence: Mapping[str, float | None]
    expected_minor: int
    state: str
    bound_by: str
    proposed_at: datetime
    decided_at: datetime | None
    decided_by: str
    note: str


def list_pulses(*, now: datetime) -> list[CampaignMetrics]:
    """Return live campaigns, those that cost most today first. Three queries."""
    live = Campaign.objects.filter(
        status=Campaign.Status.LIVE, starts_at__lte=now, ends_at__gt=now
    ).order_by("pk")
    campaigns = list(live)
    tunings = {row.pk: row for row in CampaignTuning.objects.filter(pk__in=campaigns)}
    hours = _sum_hours([campaign.pk for campaign in campaigns], now)
    found = [
        _describe(campaign, tunings.get(campaign.pk), hours[campaign.pk], now)
        for campaign in campaigns
    ]
    return sorted(found, key=lambda one: (-one.totals.spend_minor, one.campaign_id))


def list_faults(*, now: datetime) -> list[str]:
    """Return the names of live campaigns whose last check failed. One query."""
    live = Campaign.objects.filter(
        status=Campaign.Status.LIVE, starts_at__lte=now, ends_at__gt=now
    ).exclude(tuning=None)
    return list(live.exclude(tuning__fault="").order_by("pk").values_list("name", flat=True))


def list_adjustments(
    *, states: Sequence[str], limit: int, before_id: int | None = None
) -> list[AdjustmentRow]:
    """Return changes in these states, the newest first. One query."""
    rows = CampaignAdjustment.objects.filter(state__in=states).select_related(
        "campaign", "decided_by"
    )
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    return [
        AdjustmentRow(
            id=row.pk,
            campaign_id=row.campaign_id,
            campaign=row.campaign.name,
            lever=row.lever,
            source=row.source,
            reason_code=row.reason_code,
            before=row.before,
            after=row.after,
            evidence=row.evidence,
            expected_minor=row.expected_minor,
            state=row.state,
            bound_by=row.bound_by,
            proposed_at=row.proposed_at,
            decided_at=row.decided_at,
            decided_by="" if row.decided_by is None else str(row.decided_by),
            note=row.note,
        )
        for row in rows.order_by("-pk")[:limit]
    ]


def count_adjustments() -> dict[str, int]:
    """Return how many changes are in each state. One query."""
    rows = CampaignAdjustment.objects.order_by().values_list("state").annotate(count=Count("pk"))
    return dict(rows)


def _describe(
    campaign: Campaign,
    tuning: CampaignTuning | None,
    known: Mapping[datetime, Mapping[str, Any]],
    now: datetime,
) -> CampaignMetrics:
    last = now.replace(minute=0, second=0, microsecond=0)
    shown = [last - HOUR * back for back in range(HOURS - 1, -1, -1)]
    names = [one.name for one in fields(MetricTotals) if one.name != "minutes"]
    sums = {name: sum(row[name] for row in known.values()) for name in names}
    of_hour = [one.name for one in fields(HourTotals) if one.name != "at"]
    return CampaignMetrics(
        campaign_id=campaign.pk,
        name=campaign.name,
        audience=campaign.audience,
        ends_at=campaign.ends_at,
        budget_minor=campaign.budget_minor,
        spent_minor=campaign.spent_minor,
        is_automatic=tuning is not None and tuning.is_automatic,
        exposure_weight=1.0 if tuning is None else tuning.exposure_weight,
        fault="" if tuning is None else tuning.fault,
        totals=MetricTotals(**sums),
        hours=tuple(
            HourTotals(at, **{name: known[at][name] for name in of_hour} if at in known else {})
            for at in shown
        ),
    )


def _sum_hours(
    campaign_ids: Sequence[int], now: datetime
) -> Mapping[int, dict[datetime, dict[str, Any]]]:
    since = now.replace(minute=0, second=0, microsecond=0) - HOUR * (HOURS - 1)
    names = [one.name for one in fields(MetricTotals) if one.name != "minutes"]
    rows = (
        CampaignMinute.objects.filter(campaign_id__in=campaign_ids, minute__gte=since)
        .annotate(hour=TruncHour("minute"))
        .order_by()
        .values_list("campaign_id", "hour")
        .annotate(**{f"all_{name}": Sum(name) for name in names})
    )
    found: Mapping[int, dict[datetime, dict[str, Any]]] = defaultdict(dict)
    for campaign_id, hour, *sums in rows:
        found[campaign_id][hour] = dict(zip(names, sums, strict=True))
    return found
