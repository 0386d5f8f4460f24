"""Start, pause and end campaigns."""

from __future__ import annotations

from django.db import transaction

from promotions.models import Campaign
from shop.kernel.errors import FairtagError

Status = Campaign.Status
NEXT = {
    Status.DRAFT: {Status.LIVE},
    Status.LIVE: {Status.PAUSED, Status.ENDED},
    Status.PAUSED: {Status.LIVE, Status.ENDED},
    Status.ENDED: set(),
}


class CampaignRefused(FairtagError):
    """The campaign cannot go into that state; `detail` holds both states."""

    code = "campaign_refused"


def set_campaign_status(*, campaign_id: int, status: str) -> None:
    """Move a campaign to "live", "paused" or "ended". The same state twice is fine.

    Draft goes live; live and paused change into each other; both end; an ended campaign stays
    ended, because its end was shown to shoppers. Dates still decide when a live one applies.
    Raises CampaignRefused, also for a campaign without an active offer going live.
    """
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update().get(pk=campaign_id)
        if campaign.status == status:
            return
        if status not in NEXT[Status(campaign.status)]:
            raise CampaignRefused(
                f"A campaign that is {campaign.status} cannot become {status}.",
                was=campaign.status,
                wanted=status,
            )
        if status == Status.LIVE and not campaign.offers.filter(is_active=True).exists():
            raise CampaignRefused("Add an active offer first: there is nothing to promise yet.")
        campaign.status = status
        campaign.save(update_fields=["status", "changed_at"])
