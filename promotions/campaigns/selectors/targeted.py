"""Personal campaigns by whom they are targeted at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from promotions.campaigns.core.workflow import CampaignStatus, status_at
from promotions.campaigns.models import CampaignShopper


@dataclass(frozen=True, slots=True)
class TargetedCampaign:
    """A running campaign targeted at a shopper; `reason` is the allocator's, "" for staff's."""

    campaign_id: int
    name: str
    name_zh: str
    ends_at: datetime
    reason: str


def list_targeted(*, shopper_id: int, now: datetime) -> list[TargetedCampaign]:
    """Return the running campaigns targeted at a shopper, the first to end first. One query."""
    rows = CampaignShopper.objects.filter(
        shopper_id=shopper_id, campaign__starts_at__lte=now, campaign__ends_at__gt=now
    )
    found = {}
    for row in rows.select_related("campaign").order_by("campaign__ends_at", "pk"):
        known = row.campaign
        status = status_at(known.status, known.starts_at, known.ends_at, now)
        if status is CampaignStatus.LIVE:
            found[known.pk] = TargetedCampaign(
                known.pk, known.name, known.name_zh, known.ends_at, row.reason
            )
    return list(found.values())
